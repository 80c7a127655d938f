"""Where the pages are, in the order of the sidebar."""

GENERATORS = "pages/1_Generators.py"
REGIONS = "pages/2_Regions.py"
RECONSTRUCTION = "pages/3_Reconstruction.py"
WHAT_IF = "pages/4_What-if.py"
COMPARE = "pages/5_Compare.py"
PAPER = "pages/6_Paper.py"
AUDIT = "pages/7_Audit.py"
RUNS = "pages/8_Runs.py"
DATA = "pages/9_Data.py"
SYSTEM = "pages/10_System.py"
RELEASE = "pages/11_Release.py"
PAGES = (
    (GENERATORS, "Generators"),
    (REGIONS, "Training data: regions"),
    (RECONSTRUCTION, "Training data: reconstruction"),
    (RELEASE, "Release"),
    (WHAT_IF, "What-if"),
    (COMPARE, "Compare"),
    (PAPER, "Paper"),
    (AUDIT, "Audit"),
    (RUNS, "Runs"),
    (DATA, "Data"),
    (SYSTEM, "System"),
)
