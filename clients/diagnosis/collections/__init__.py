"""Collections (收藏, 随访, 教学病例, 词条): what doctors keep around reports, as pages and as panels of a report."""
