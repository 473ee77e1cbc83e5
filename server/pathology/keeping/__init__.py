"""Archive and loan: places with a capacity, archived blocks, slides and papers, loans, destruction by rule."""
