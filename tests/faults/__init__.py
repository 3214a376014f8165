"""What goes wrong on one machine, in the package itself; docs/faults.md lists all faults with their tests."""
