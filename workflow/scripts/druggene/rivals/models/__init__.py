"""The rivals, one module each, named as in the configuration; `druggene.rivals.registry` says what belongs in one."""
