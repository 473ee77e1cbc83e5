"""Words of headers, Chinese and English, and what they mean for hanging; data only.

Latin words are compared as whole tokens, Chinese ones as parts of the text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Words = Mapping[str, Sequence[str]]

BODY_PARTS: Words = {
    "breast": ("breast", "mammo", "mammography", "mammogram", "mamma", "乳腺", "乳房", "钼靶"),
    "chest": ("chest", "thorax", "ch", "cap", "lung", "lungs", "thoracic", "ribs", "胸部", "胸片", "肺", "肋骨"),
    "heart": ("heart", "cardiac", "coronary", "echo", "echocardiogram", "tte", "tee", "心脏", "冠脉", "冠状动脉"),
    "abdomen": ("abdomen", "abdominal", "abd", "ab", "liver", "kidney", "pancreas", "腹", "肝", "肾", "胰"),
    "pelvis": ("pelvis", "pelvic", "pel", "prostate", "uterus", "盆腔", "骨盆", "前列腺", "子宫"),
    "head": (
        "head", "brain", "skull", "cranium", "cerebral", "headneck", "stroke", "sinus", "orbit", "sella",
        "头", "颅", "脑", "垂体", "眼眶", "鼻窦",
    ),
    "neck": ("neck", "carotid", "carotids", "thyroid", "larynx", "颈部", "甲状腺", "颈动脉"),
    "cspine": ("cspine", "cervical", "颈椎"),
    "tspine": ("tspine", "dorsal", "胸椎"),
    "lspine": ("lspine", "lumbar", "lumbosacral", "lsspine", "腰椎", "腰骶"),
    "spine": ("spine", "spinal", "vertebra", "脊柱", "脊髓"),
    "knee": ("knee", "knees", "patella", "膝"),
    "shoulder": ("shoulder", "clavicle", "scapula", "肩", "锁骨"),
    "hip": ("hip", "hips", "femur", "髋", "股骨"),
    "ankle": ("ankle", "foot", "calcaneus", "踝", "足"),
    "hand": ("hand", "wrist", "finger", "手", "腕"),
    "elbow": ("elbow", "forearm", "humerus", "肘", "前臂"),
    "leg": ("leg", "tibia", "extremity", "小腿", "胫"),
    "whole": ("wholebody", "whole", "body", "全身"),
}  # fmt: skip
SPINES = frozenset({"cspine", "tspine", "lspine"})

PLANE_WORDS: Words = {
    "axial": ("ax", "axi", "axial", "tra", "trans", "transverse", "横断", "轴位", "横轴"),
    "sagittal": ("sag", "sagittal", "矢状"),
    "coronal": ("cor", "coronal", "冠状位", "冠状面"),
}
SEQUENCE_WORDS: Words = {
    "adc": ("adc", "eadc"),
    "dwi": ("dwi", "diffusion", "trace", "dti", "弥散"),
    "swi": ("swi", "swan", "vsi", "t2star", "磁敏感"),
    "flair": ("flair", "darkfluid", "tirm", "水抑制"),
    "stir": ("stir",),
    "tof": ("tof", "mra", "3dtof"),
    "perfusion": ("perf", "pwi", "asl", "dsc"),
    "pd": ("pd", "proton", "pdw", "质子"),
    "t1": ("t1", "t1w", "t1wi", "mprage", "bravo", "spgr"),
    "t2": ("t2", "t2w", "t2wi"),
}
"""In this order: the first that is found is the weighting ("T2 FLAIR" is FLAIR)."""
FATSAT_WORDS = ("fs", "fatsat", "spair", "spir", "stir", "dixon", "压脂", "脂肪抑制")

CONTRAST_WORDS: Words = {
    "arterial": ("arterial", "art", "aphase", "动脉期", "动脉相"),
    "portal": ("portal", "venous", "ven", "pv", "门脉", "静脉期", "门静脉"),
    "delayed": ("delayed", "delay", "equilibrium", "延迟", "平衡期"),
    "contrast": ("contrast", "enhanced", "post", "gad", "gd", "ce", "cta", "dce", "增强", "强化"),
    "plain": (
        "plain", "noncontrast", "noncon", "unenhanced", "native", "wo", "without", "nc", "pre", "precontrast", "平扫",
    ),
}  # fmt: skip
KERNEL_WORDS: Words = {
    "lung": ("lung", "lungs", "肺窗", "肺算法"),
    "bone": ("bone", "boneplus", "骨窗", "骨算法", "骨重建"),
    "soft": ("soft", "stnd", "standard", "std", "mediastinum", "smooth", "软组织", "纵隔", "标准"),
}
KIND_WORDS: Words = {
    "localizer": ("localizer", "localiser", "scout", "topogram", "surview", "pilot", "loc", "survey", "定位"),
    "mip": ("mip", "minip", "projected"),
    "dose": ("dose", "剂量"),
    "capture": ("screenshot", "capture", "screen"),
}
SPOT_WORDS = ("spot", "mag", "magnification", "magnified", "cone", "点压", "局部加压", "放大")
DISPLACED_WORDS = ("id", "displaced", "displacement", "eklund", "假体推移", "假体后移", "推移")
SIDE_WORDS: Words = {"L": ("l", "left", "lt", "左"), "R": ("r", "right", "rt", "右"), "B": ("bilateral", "双侧", "双")}
MAMMO_VIEWS = ("XCCL", "XCCM", "MLO", "LMO", "SIO", "ISO", "FB", "CC", "ML", "LM", "CV", "AT", "TAN")
MAMMO_CODES = {
    "R-10242": "CC", "399162004": "CC", "R-10226": "MLO", "399368009": "MLO", "R-10224": "ML", "399260004": "ML",
    "R-10228": "LM", "399352003": "LM", "R-1024A": "XCCL", "399265009": "XCCL", "R-1024B": "XCCM", "399101009": "XCCM",
}  # fmt: skip
"""View codes of mammography, SNOMED RT and CT (PS3.16 CID 4014)."""
DISPLACED_CODES = frozenset({"R-102D5", "399209000"})
SPOT_CODES = frozenset({"R-102D7", "399161006", "R-102D6", "399163009"})
"""Spot compression and magnification (PS3.16 CID 4015)."""
VIEW_WORDS: Words = {
    "PA": ("pa", "后前位", "正位"),
    "AP": ("ap", "前后位"),
    "LAT": ("lat", "lateral", "ll", "rl", "llat", "rlat", "侧位"),
    "OBL": ("obl", "obli", "oblique", "lao", "rao", "lpo", "rpo", "斜位"),
}
MAMMO_WORDS: Words = {
    "MLO": ("medio-lateral oblique", "mediolateral oblique", "内外斜", "斜位"),
    "CC": ("cranio-caudal", "craniocaudal", "头尾", "轴位"),
    "ML": ("medio-lateral", "mediolateral", "内外侧", "侧位"),
    "LM": ("latero-medial", "lateromedial", "外内侧"),
}
"""Views in words, looked for in this order in descriptions and code meanings."""
NO_AGENT = ("", "NONE", "NO", "N", "无")
"""What Contrast/Bolus Agent says where there was none."""
