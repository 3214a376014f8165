"""DrugGene: predict and explain the drug response of cancer cell lines with a visible neural network.

Pang, Chen and Qin, BMC Bioinformatics 25:182 (2024).
"""

__version__ = "0.1.0"
