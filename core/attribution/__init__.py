"""Model attribution: which generator made each image? (paper, section 3.2)"""
