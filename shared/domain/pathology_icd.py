"""A small list of ICD-O-3 and ICD-10 codes for typing help: the tumours that departments report most.

It is no classification: any well-formed code may be entered, and what was entered once is offered again.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownCode:
    """A code with its meaning in Chinese."""

    system: str
    code: str
    meaning: str


_TOPOGRAPHY = """C16.0 贲门;C16.1 胃底;C16.2 胃体;C16.3 胃窦;C16.9 胃;C18.0 盲肠;C18.2 升结肠;C18.4 横结肠;C18.6 降结肠;
C18.7 乙状结肠;C18.9 结肠;C20.9 直肠;C21.1 肛管;C22.0 肝;C22.1 肝内胆管;C23.9 胆囊;C25.0 胰头;C25.9 胰腺;C15.9 食管;
C32.9 喉;C11.9 鼻咽;C34.1 肺上叶;C34.2 肺中叶;C34.3 肺下叶;C34.9 肺;C38.4 胸膜;C42.1 骨髓;C44.9 皮肤;C49.9 软组织;
C50.4 乳腺外上象限;C50.9 乳腺;C53.9 宫颈;C54.1 子宫内膜;C54.9 子宫体;C56.9 卵巢;C57.0 输卵管;C61.9 前列腺;C62.9 睾丸;
C64.9 肾;C67.9 膀胱;C71.9 脑;C73.9 甲状腺;C74.9 肾上腺;C77.0 头颈部淋巴结;C77.3 腋窝淋巴结;C77.9 淋巴结"""
_MORPHOLOGY = """8000/3 恶性肿瘤;8010/3 癌;8012/3 大细胞癌;8013/3 大细胞神经内分泌癌;8020/3 未分化癌;8041/3 小细胞癌;
8046/3 非小细胞癌;8070/2 鳞状细胞原位癌;8070/3 鳞状细胞癌;8072/3 非角化型鳞状细胞癌;8077/2 高级别鳞状上皮内病变;
8090/3 基底细胞癌;8120/3 尿路上皮癌;8130/2 非浸润性乳头状尿路上皮癌;8140/0 腺瘤;8140/2 原位腺癌;8140/3 腺癌;
8144/3 肠型腺癌;8145/3 弥漫型癌;8160/3 胆管细胞癌;8170/3 肝细胞癌;8200/3 腺样囊性癌;8211/0 管状腺瘤;8240/3 神经内分泌瘤;
8246/3 神经内分泌癌;8250/3 贴壁型腺癌;8252/3 细支气管肺泡癌;8256/3 微浸润性腺癌;8260/3 乳头状癌;8261/0 绒毛状腺瘤;
8263/0 管状绒毛状腺瘤;8290/3 嗜酸细胞癌;8310/3 透明细胞癌;8312/3 肾细胞癌;8330/3 滤泡癌;8340/3 乳头状癌，滤泡亚型;
8341/3 乳头状微小癌;8345/3 髓样癌;8380/3 子宫内膜样癌;8441/3 浆液性癌;8461/3 高级别浆液性癌;8480/3 黏液腺癌;
8490/3 印戒细胞癌;8500/2 导管原位癌;8500/3 浸润性癌，非特殊类型;8503/0 导管内乳头状瘤;8504/2 包裹性乳头状癌;
8520/2 小叶原位癌;8520/3 浸润性小叶癌;8550/3 腺泡腺癌;8720/0 色素痣;8720/3 恶性黑色素瘤;8800/3 肉瘤;8850/0 脂肪瘤;
8890/0 平滑肌瘤;8890/3 平滑肌肉瘤;8936/1 胃肠道间质瘤;9010/0 纤维腺瘤;9050/3 间皮瘤;9061/3 精原细胞瘤;9380/3 胶质瘤;
9440/3 胶质母细胞瘤;9530/0 脑膜瘤;9590/3 恶性淋巴瘤;9650/3 霍奇金淋巴瘤;9680/3 弥漫大 B 细胞淋巴瘤;9690/3 滤泡性淋巴瘤;
9732/3 浆细胞骨髓瘤"""
_ICD10 = """C16.9 胃恶性肿瘤;C18.9 结肠恶性肿瘤;C20 直肠恶性肿瘤;C22.0 肝细胞癌;C25.9 胰腺恶性肿瘤;
C34.9 支气管或肺恶性肿瘤;C43.9 皮肤恶性黑色素瘤;C50.9 乳房恶性肿瘤;
C53.9 宫颈恶性肿瘤;C54.1 子宫内膜恶性肿瘤;C56 卵巢恶性肿瘤;C61 前列腺恶性肿瘤;
C64 肾恶性肿瘤;C67.9 膀胱恶性肿瘤;C73 甲状腺恶性肿瘤;C77.9 淋巴结继发性恶性肿瘤;D05.1 导管原位癌;D06.9 宫颈原位癌;
D12.6 结肠良性肿瘤;D24 乳房良性肿瘤;D25.9 子宫平滑肌瘤;D34 甲状腺良性肿瘤;K29.4 慢性萎缩性胃炎;K35.8 急性阑尾炎;
K63.5 结肠息肉;K80.1 胆囊结石伴胆囊炎;N60.1 弥漫性囊性乳腺病;N80.9 子宫内膜异位症;N87.1 中度宫颈发育不良;
E04.1 甲状腺结节"""


def _codes(system: str, words: str) -> list[KnownCode]:
    rows = (one.strip().partition(" ") for one in words.replace("\n", "").split(";"))
    return [KnownCode(system, code, meaning) for code, _blank, meaning in rows]


CODES: tuple[KnownCode, ...] = (
    *_codes("icdo-t", _TOPOGRAPHY),
    *_codes("icdo-m", _MORPHOLOGY),
    *_codes("icd10", _ICD10),
)
_MEANINGS = {(one.system, one.code): one.meaning for one in CODES}


def meaning_of(system: str, code: str) -> str:
    """Return what a code of the list means; empty for others."""
    return _MEANINGS.get((system, code), "")
