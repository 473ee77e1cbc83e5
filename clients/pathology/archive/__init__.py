"""归档工作站: blocks, slides and papers in their places, loans and their return, storage places (PA-ARC, PA-AWS)."""
