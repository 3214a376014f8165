"""Why a network predicts what it predicts: states of terms, scores of terms and genes, and what these are worth."""
