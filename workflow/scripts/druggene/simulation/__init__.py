"""A made-up cohort of cell lines whose drug responses follow mechanisms that are known, in the portals' raw formats.

Genes, terms and drugs are real; every cell line, genotype and response is drawn at random. Identifiers lie outside
the ranges in use (``ACH-9…``, ``SIM-LUNG-01``), so that nothing can be taken for a measurement.

The generative model, with c a cell line of tissue t, g a gene, k an active term, d a drug of class q:

alterations
    A driver gene is altered with probability ``rate`` (or its tissue's rate). Other genes g are mutated with
    probability ``1 - exp(-b_c r_g)``: gene rates r are log-normal, so few genes have many mutations, and so are the
    burdens b, which a mutation of MLH1 triples.
copy number
    ``log2ratio_cg`` = arm gain or loss (its probability depends on the tissue) + focal gain or loss of a stretch of
    neighbouring genes + amplification of altered driver genes + noise. The position of genes on the 40 arms is
    made up too. The portal's unit is ``log2(2^log2ratio + 1)``.
activity
    ``a_ck = v_tk + sum over altered drivers of effect + e_ck``, standardised per term: tissue effect v, driver
    effects, and the line's own deviation e.
expression
    ``x_cg = m_g + u_tg + sum over active terms with g of w_gk a_ck + y_g log2ratio_cg + noise``, at least 0, in
    log2(TPM + 1): base level m, tissue effect u, loading w, gene dosage y.
response
    ``s_cd = p_d + h_c + f_d * sum_k W_qk a_ck`` and ``AUC = 1 / (1 + exp(s_cd)) + noise``, at least 0: potency p,
    general sensitivity h, strength f, and planted weight W of the drug's class, positive where activity of the term
    sensitises. Some terms are active without a weight: they move genes, yet no response. Some pairs are missing,
    some have a second curve with noise of its own.
"""

from druggene.simulation.cohort import Cohort, simulate
from druggene.simulation.plan import Plan, make_plan
from druggene.simulation.raw_files import SOURCE, write_raw

__all__ = ["SOURCE", "Cohort", "Plan", "make_plan", "simulate", "write_raw"]
