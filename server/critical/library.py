# ruff: noqa: E501 - a table: one entry after the other
"""The library that a new hospital starts with: critical values of imaging by body part, with what states them.

Put together from the lists that Chinese radiological societies and hospitals publish, in our own words. The department
changes it in the administration; times are those of its own rules.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.critical import CriticalLevel, CriticalRegion

_R = CriticalRegion
_ONE, _TWO = CriticalLevel.ONE, CriticalLevel.TWO


@dataclass(frozen=True, slots=True)
class DefaultEntry:
    """One entry; `types` are codes of exam types, none for all."""

    code: str
    name: str
    name_en: str
    region: CriticalRegion
    types: tuple[str, ...]
    criterion: str
    keywords: tuple[str, ...]
    level: CriticalLevel = _ONE
    minutes: int = 10


def _entry(code: str, region: CriticalRegion, names: str, types: str, criterion: str, keywords: str) -> DefaultEntry:
    name, name_en = names.split("|")
    level, minutes = (_TWO, 30) if code.endswith("*") else (_ONE, 10)
    return DefaultEntry(
        code.rstrip("*"),
        name,
        name_en,
        region,
        tuple(types.split()),
        criterion,
        tuple(keywords.split()),
        level,
        minutes,
    )


_SECTIONAL = "CT MR"

ENTRIES: tuple[DefaultEntry, ...] = (
    # head
    _entry("HD01", _R.HEAD, "急性脑出血|Acute cerebral haemorrhage", _SECTIONAL, "新出现的脑实质或脑室内出血",
           "脑出血 颅内出血 脑实质出血 基底节区出血 脑干出血 小脑出血 丘脑出血 脑室内出血 脑室出血 脑叶出血 脑内血肿 颅内血肿 "
           "出血灶+脑 破入脑室 额叶出血 颞叶出血 顶叶出血 枕叶出血 脑室内积血 脑室积血 脑室..积血"),
    _entry("HD02", _R.HEAD, "蛛网膜下腔出血|Subarachnoid haemorrhage", _SECTIONAL, "脑沟、脑池内新鲜出血",
           "蛛网膜下腔出血 蛛网膜下隙出血 SAH"),
    _entry("HD03", _R.HEAD, "硬膜外或硬膜下急性血肿|Acute epidural or subdural haematoma", _SECTIONAL,
           "急性硬膜外、硬膜下血肿，尤其占位效应明显",
           "硬膜外血肿 硬膜外出血 急性硬膜下血肿 硬膜下血肿!慢性 硬脑膜外血肿 硬脑膜下血肿!慢性 硬膜下出血!慢性"),
    _entry("HD04", _R.HEAD, "脑疝|Brain herniation", _SECTIONAL, "小脑幕切迹疝、枕骨大孔疝、大脑镰下疝",
           "脑疝 枕骨大孔疝 小脑幕切迹疝 钩回疝 海马沟回疝 大脑镰下疝 小脑扁桃体疝"),
    _entry("HD05", _R.HEAD, "中线明显移位|Marked midline shift", _SECTIONAL, "中线结构移位 5 mm 及以上",
           "中线移位>=5mm 中线结构移位>=5mm 中线结构左移>=5mm 中线结构右移>=5mm 中线左移>=5mm 中线右移>=5mm "
           "中线明显移位 中线结构明显移位 中线结构明显左移 中线结构明显右移 中线结构向左移位>=5mm 中线结构向右移位>=5mm "
           "中线偏移>=5mm 中线结构偏移>=5mm 中线结构向左偏移>=5mm 中线结构向右偏移>=5mm 中线向左偏移>=5mm 中线向右偏移>=5mm "
           "中线向左移位>=5mm 中线向右移位>=5mm"),
    _entry("HD06", _R.HEAD, "急性大面积脑梗死|Acute large cerebral infarction", _SECTIONAL,
           "一个脑叶或大脑中动脉供血区以上的急性梗死", "大面积脑梗 大面积梗死 大面积急性梗 急性..大面积 大面积..脑梗 大面积脑缺血"),
    _entry("HD07*", _R.HEAD, "急性脑梗死（溶栓窗内）|Acute infarction within the time window", _SECTIONAL,
           "弥散受限的急性梗死，或脑干梗死",
           "急性脑梗 急性期脑梗 超急性脑梗 超急性期脑梗 急性..梗死灶 急性脑干梗 急性..脑梗 脑干梗死!陈旧 脑干急性梗 急性缺血性脑卒中 新发脑梗"),
    _entry("HD08", _R.HEAD, "颅内大动脉闭塞|Occlusion of a large intracranial artery", "CT MR DSA XA",
           "颈内动脉、大脑中动脉、基底动脉急性闭塞",
           "基底动脉闭塞 大脑中动脉闭塞 大脑中动脉M1段闭塞!慢性 大脑中动脉主干闭塞!慢性 大脑中动脉..急性闭塞 基底动脉栓塞 大脑中动脉栓塞 颈内动脉..急性闭塞 致密动脉征 基底动脉..血栓"),
    _entry("HD09", _R.HEAD, "脑静脉窦血栓|Cerebral venous sinus thrombosis", _SECTIONAL, "静脉窦内充盈缺损或高密度",
           "静脉窦血栓 矢状窦血栓 横窦血栓 乙状窦血栓 静脉窦..血栓形成"),
    _entry("HD10*", _R.HEAD, "急性梗阻性脑积水|Acute obstructive hydrocephalus", _SECTIONAL, "脑室扩张并周围水肿",
           "梗阻性脑积水 急性脑积水"),
    _entry("HD11", _R.HEAD, "颅内动脉瘤破裂|Ruptured intracranial aneurysm", "CT MR DSA XA", "动脉瘤并新鲜出血",
           "动脉瘤破裂!未破裂 动脉瘤..破裂出血"),
    _entry("HD12*", _R.HEAD, "颅内急性感染|Acute intracranial infection", _SECTIONAL, "脑脓肿、脑炎、室管膜炎",
           "脑脓肿 病毒性脑炎 化脓性脑膜炎 硬膜下脓肿 硬膜外脓肿+颅 室管膜炎 颅内脓肿"),
    _entry("HD13*", _R.HEAD, "颅骨凹陷或颅底骨折|Depressed or basal skull fracture", "CT DR DX CR",
           "凹陷性骨折、颅底骨折、颅内积气", "颅底骨折 凹陷性骨折 颅骨凹陷骨折 颅内积气!术后"),
    _entry("HD14", _R.HEAD, "弥漫性脑肿胀|Diffuse brain swelling", _SECTIONAL, "脑沟脑池消失，缺氧缺血性改变",
           "弥漫性脑肿胀 弥漫性脑水肿 脑池消失 环池消失 环池受压闭塞 缺氧缺血性脑病 弥漫性轴索损伤"),
    # neck
    _entry("NK01", _R.NECK, "上气道梗阻|Upper airway obstruction", "", "会厌、喉、气管急性明显狭窄或异物",
           "气道梗阻 急性会厌炎 气管异物 喉梗阻 喉头水肿 气管明显狭窄 气管重度狭窄 支气管异物 气道异物"),
    _entry("NK02*", _R.NECK, "咽后或颈深部脓肿|Deep neck abscess", _SECTIONAL, "咽后、咽旁或颈深间隙脓肿",
           "咽后脓肿 咽旁脓肿 颈深部脓肿 颈部脓肿 下行性纵隔炎 咽后壁脓肿 咽旁..脓肿 咽后..脓肿"),
    _entry("NK03*", _R.NECK, "眼球破裂或眶内急症|Ruptured globe or orbital emergency", _SECTIONAL,
           "眼球破裂、眶内异物、视神经受压", "眼球破裂 眼内异物 眶内异物 球内异物 眶内脓肿"),
    _entry("NK04", _R.NECK, "颈部大血管损伤|Injury of a large cervical vessel", "CT MR US DSA XA", "颈动脉夹层、破裂",
           "颈动脉夹层 椎动脉夹层 颈动脉破裂 颈内动脉夹层 颈总动脉夹层"),
    # chest
    _entry("CH01", _R.CHEST, "张力性气胸|Tension pneumothorax", "", "气胸并纵隔向健侧移位",
           "张力性气胸 气胸+纵隔移位 气胸+纵隔..移位 气胸+纵隔左移 气胸+纵隔右移 气胸+纵隔向左 气胸+纵隔向右"),
    _entry("CH02", _R.CHEST, "大量气胸或液气胸|Large pneumothorax", "", "肺压缩 30% 及以上，或双侧气胸",
           "大量气胸 大量液气胸 肺压缩>=30% 肺组织压缩>=30% 压缩>=30%+气胸 受压>=30%+气胸 双侧气胸 双侧液气胸 气胸>=30% 双侧自发性气胸"),
    _entry("CH03", _R.CHEST, "肺动脉栓塞|Pulmonary embolism", "CT MR DSA XA NM", "肺动脉主干或分支充盈缺损",
           "肺栓塞 肺动脉栓塞 肺动脉+充盈缺损 肺动脉..充盈缺损 肺动脉血栓 肺动脉..栓子 骑跨血栓 鞍状栓子 骑跨栓"),
    _entry("CH04", _R.CHEST, "大量胸腔积液或血胸|Massive effusion or haemothorax", "", "大量积液、活动性血胸",
           "大量胸腔积液 大量胸水 血胸 大量血胸 胸腔大量积液 血气胸 大量血气胸 胸腔积血"),
    _entry("CH05*", _R.CHEST, "急性肺水肿|Acute pulmonary oedema", "", "蝶翼状渗出、急性左心衰", "急性肺水肿 肺泡性肺水肿 蝶翼状 急性左心衰 肺水肿"),
    _entry("CH06*", _R.CHEST, "急性呼吸窘迫或重症肺炎|ARDS or severe pneumonia", "", "双肺弥漫性渗出、白肺",
           "急性呼吸窘迫 ARDS 重症肺炎 白肺 弥漫性肺泡出血 弥漫性肺泡损伤"),
    _entry("CH07", _R.CHEST, "纵隔气肿|Pneumomediastinum", "", "纵隔内较多积气，疑食管、气管破裂",
           "纵隔气肿 纵隔积气 气管破裂 支气管断裂 支气管破裂 食管破裂 食管穿孔 纵隔血肿 食管自发性破裂"),
    _entry("CH08*", _R.CHEST, "全肺或一侧肺不张|Collapse of a whole lung", "", "一侧全肺不张、主支气管阻塞", "一侧肺不张 左全肺不张 右全肺不张 全肺不张 左肺完全不张 右肺完全不张"),
    _entry("CH09*", _R.CHEST, "食管异物|Foreign body of the oesophagus", "", "尖锐、电池类异物，或邻近大血管", "食管异物 食道异物 纽扣电池"),
    _entry("CH10*", _R.CHEST, "膈疝或膈肌破裂|Diaphragmatic rupture", "", "膈肌破裂、腹腔脏器疝入胸腔", "膈肌破裂 创伤性膈疝 膈疝+嵌顿 膈疝+绞窄"),
    _entry("CH11*", _R.CHEST, "多发肋骨骨折（连枷胸）|Flail chest", "CT DR DX CR", "多根多处骨折伴肺挫裂伤", "连枷胸 肋骨多根多处骨折 多根多处肋骨骨折"),
    _entry("CH12*", _R.CHEST, "粟粒性肺结核（疑似传染）|Miliary tuberculosis", "", "急性血行播散性肺结核", "粟粒性肺结核 急性血行播散 急性粟粒"),
    # heart and large vessels
    _entry("HT01", _R.HEART, "主动脉夹层|Aortic dissection", "", "内膜片、真假腔",
           "主动脉夹层 主动脉..夹层 真假腔 内膜片 DeBakey Stanford"),
    _entry("HT02", _R.HEART, "主动脉瘤破裂或先兆破裂|Ruptured aortic aneurysm", "", "瘤周血肿、造影剂外溢",
           "主动脉瘤破裂 主动脉..瘤..破裂 主动脉假性动脉瘤 主动脉瘤>=55mm 先兆破裂 主动脉破裂 主动脉..破裂"),
    _entry("HT03", _R.HEART, "主动脉壁内血肿或穿透性溃疡|Intramural haematoma or penetrating ulcer", "CT MR",
           "壁内血肿、穿透性溃疡", "壁内血肿+主动脉 主动脉..壁间血肿 穿透性溃疡 穿透性动脉粥样硬化"),
    _entry("HT04", _R.HEART, "心包填塞|Cardiac tamponade", "", "大量心包积液并心腔受压", "心包填塞 心脏压塞 心包压塞 大量心包积液 心包大量积液 心包积血 心包腔大量积液"),
    _entry("HT05", _R.HEART, "急性心肌梗死及并发症|Acute myocardial infarction", "CT MR US DSA XA", "室间隔穿孔、乳头肌断裂、室壁瘤破裂",
           "急性心肌梗 室间隔穿孔 乳头肌断裂 心脏破裂 室壁瘤破裂 游离壁破裂"),
    _entry("HT06", _R.HEART, "冠状动脉主干闭塞|Occlusion of a main coronary artery", "CT DSA XA", "左主干或前降支近段重度狭窄、闭塞",
           "左主干..重度狭窄 左主干闭塞 左主干..闭塞 前降支近段闭塞 前降支近段..闭塞 右冠状动脉..急性闭塞"),
    _entry("HT07*", _R.HEART, "心腔内血栓或赘生物|Thrombus or vegetation in the heart", "CT MR US", "左心房、左心室血栓，瓣膜赘生物",
           "左心房血栓 左房血栓 左心室血栓 左室血栓 心腔内血栓 瓣膜赘生物 赘生物形成 左心耳血栓 右心..血栓"),
    _entry("HT08", _R.HEART, "人工瓣膜急性功能障碍|Acute failure of a prosthetic valve", "US CT", "卡瓣、瓣周漏重度", "人工瓣膜..功能障碍 卡瓣 重度瓣周漏"),
    # abdomen
    _entry("AB01", _R.ABDOMEN, "消化道穿孔|Perforation of the digestive tract", "", "膈下或腹腔游离气体",
           "消化道穿孔 胃穿孔 肠穿孔 十二指肠穿孔 空腔脏器穿孔 膈下游离气体!术后 腹腔游离气体!术后 腹腔内游离气体!术后 游离气体+穿孔 胃肠道穿孔 "
           "膈下..游离气!术后 新月形..气体!术后 腹腔..游离气!术后 胃肠穿孔 气腹!术后"),
    _entry("AB02", _R.ABDOMEN, "急性肠梗阻|Acute intestinal obstruction", "", "多个气液平、肠管扩张",
           "肠梗阻 绞窄性..梗阻 闭袢性..梗阻 肠扭转 肠套叠 小肠梗阻 结肠梗阻"),
    _entry("AB03", _R.ABDOMEN, "肠系膜血管栓塞或肠缺血|Mesenteric ischaemia", "CT MR DSA XA", "肠系膜动静脉充盈缺损、肠壁积气",
           "肠系膜上动脉栓塞 肠系膜上动脉血栓 肠系膜上静脉血栓 肠系膜..栓塞 肠系膜..血栓 肠系膜上动脉..充盈缺损 肠系膜上静脉..充盈缺损 肠缺血 肠坏死 肠壁积气 门静脉积气 肠系膜上动脉夹层"),
    _entry("AB04", _R.ABDOMEN, "肝脾肾等实质脏器破裂|Rupture of a solid organ", "", "挫裂伤、包膜下血肿、活动性出血",
           "脾破裂 肝破裂 肾破裂 肝右叶破裂 肝左叶破裂 肝..包膜下血肿 脾..包膜下血肿 肾..包膜下血肿 脾脏破裂 肝脏破裂 肾脏破裂 胰腺断裂 胰腺裂伤 脾挫裂伤 肝挫裂伤 肾挫裂伤 脾脏挫裂伤 肝脏挫裂伤 肾脏挫裂伤 脾包膜下血肿 "
           "肝包膜下血肿 肾包膜下血肿 肝癌破裂 肝癌..破裂 胰腺挫裂伤 实质脏器破裂 膀胱破裂"),
    _entry("AB05", _R.ABDOMEN, "腹腔或腹膜后大量出血|Massive abdominal haemorrhage", "", "活动性出血、造影剂外溢",
           "腹腔大量积血 活动性出血 造影剂外溢 对比剂外溢 腹膜后血肿 腹腔积血 对比剂..外渗 造影剂..外渗 腹腔出血 消化道大出血"),
    _entry("AB06", _R.ABDOMEN, "急性重症胰腺炎|Severe acute pancreatitis", "CT MR US", "坏死、多量渗出",
           "坏死性胰腺炎 急性重症胰腺炎 重症急性胰腺炎 急性坏死..胰腺炎 出血坏死性胰腺炎 胰腺坏死"),
    _entry("AB07*", _R.ABDOMEN, "急性胰腺炎|Acute pancreatitis", "CT MR US", "胰腺肿胀、周围渗出", "急性胰腺炎 急性水肿性胰腺炎 急性间质水肿性胰腺炎"),
    _entry("AB08*", _R.ABDOMEN, "急性化脓性胆管炎或胆囊穿孔|Acute suppurative cholangitis", "CT MR US", "胆道梗阻并感染、胆囊穿孔",
           "化脓性胆管炎 梗阻性化脓 胆囊穿孔 坏疽性胆囊炎 气肿性胆囊炎 化脓性胆囊炎"),
    _entry("AB09*", _R.ABDOMEN, "急性阑尾炎穿孔|Perforated appendicitis", "CT MR US", "阑尾周围脓肿、穿孔", "阑尾穿孔 阑尾炎..穿孔 阑尾周围脓肿 坏疽性阑尾炎 阑尾..脓肿"),
    _entry("AB10*", _R.ABDOMEN, "门静脉急性血栓|Acute portal vein thrombosis", "CT MR US", "门静脉主干血栓", "门静脉血栓 门静脉主干血栓 门静脉..栓塞 门静脉..血栓 门静脉系统血栓"),
    _entry("AB11*", _R.ABDOMEN, "腹部脏器脓肿|Abscess of an abdominal organ", "CT MR US", "肝、肾、腹腔脓肿", "肝脓肿 肾脓肿 腹腔脓肿 膈下脓肿 脾脓肿 气肿性肾盂肾炎 腰大肌脓肿 盆腔脓肿"),
    _entry("AB12*", _R.ABDOMEN, "疝嵌顿|Incarcerated hernia", "", "腹股沟、股、腹内疝嵌顿、绞窄", "嵌顿疝 疝嵌顿 绞窄疝 疝..嵌顿 疝..绞窄 腹内疝"),
    # pelvis and obstetrics
    _entry("PV01", _R.PELVIS, "异位妊娠破裂|Ruptured ectopic pregnancy", "", "附件包块、盆腹腔积血",
           "宫外孕破裂 异位妊娠破裂 异位妊娠+腹腔积血 宫外孕+盆腔积血 异位妊娠+盆腔积血 宫外孕..破裂 异位妊娠..破裂 输卵管妊娠破裂 输卵管妊娠..破裂"),
    _entry("PV02*", _R.PELVIS, "异位妊娠|Ectopic pregnancy", "US MR CT", "宫腔外孕囊", "异位妊娠 宫外孕 输卵管妊娠 宫角妊娠 瘢痕妊娠 宫颈妊娠 切口妊娠 腹腔妊娠"),
    _entry("PV03", _R.PELVIS, "卵巢扭转或黄体破裂|Ovarian torsion or ruptured corpus luteum", "US MR CT", "附件无血流、盆腔积血",
           "卵巢扭转 附件扭转 卵巢囊肿扭转 卵巢囊肿蒂扭转 囊肿蒂扭转 黄体破裂 卵巢囊肿破裂 卵巢..蒂扭转 卵巢..扭转"),
    _entry("PV04", _R.PELVIS, "胎盘早剥或凶险性前置胎盘|Placental abruption", "US MR", "胎盘后血肿、胎盘植入",
           "胎盘早剥 胎盘早期剥离 凶险性前置胎盘 子宫破裂 胎盘后血肿 前置血管 胎盘植入 穿透性胎盘"),
    _entry("PV05", _R.PELVIS, "胎儿窘迫或胎心异常|Fetal distress", "US", "胎心消失、过缓，脐血流断流或反向",
           "胎儿窘迫 胎心消失 无胎心 胎死宫内 脐带脱垂 舒张期血流反向 舒张期血流缺失 舒张期..反向 胎心过缓 胎心搏动消失"),
    _entry("PV06", _R.PELVIS, "睾丸扭转或破裂|Torsion or rupture of the testis", "US MR", "睾丸无血流", "睾丸扭转 精索扭转 睾丸破裂"),
    # spine
    _entry("SP01", _R.SPINE, "急性脊髓压迫或损伤|Acute compression of the spinal cord", "MR CT", "脊髓水肿、出血、受压变形",
           "脊髓压迫 脊髓损伤 脊髓受压 脊髓明显受压 脊髓水肿 脊髓挫伤 脊髓出血 脊髓断裂 脊髓..受压 急性脊髓炎 脊髓梗死 脊髓横断 马尾综合征 马尾神经..受压"),
    _entry("SP02", _R.SPINE, "椎管内血肿或脓肿|Spinal haematoma or abscess", "MR CT", "硬膜外血肿、脓肿", "椎管内血肿 椎管内脓肿 椎管内硬膜外血肿 椎管内硬膜外脓肿 椎管内出血 椎管..血肿 椎管..脓肿"),
    _entry("SP03", _R.SPINE, "不稳定脊柱骨折脱位|Unstable fracture of the spine", "", "爆裂骨折、脱位、骨片入椎管",
           "爆裂骨折 爆裂性骨折 椎体脱位 寰枢椎脱位 寰枢关节脱位 齿状突骨折 骨折脱位+椎 椎体..脱位 骨折块..椎管 骨片..椎管"),
    # limbs and peripheral vessels
    _entry("LM01", _R.LIMBS, "急性肢体动脉栓塞|Acute occlusion of a limb artery", "US CT MR DSA XA", "股、腘、肱动脉急性栓塞",
           "股动脉栓塞 股动脉..栓塞 腘动脉栓塞 髂动脉栓塞 肱动脉栓塞 动脉急性栓塞 下肢动脉..急性栓塞 动脉..急性闭塞+肢 股动脉..急性血栓 腋动脉栓塞 急性动脉栓塞"),
    _entry("LM02*", _R.LIMBS, "深静脉血栓（近端或漂浮）|Proximal deep vein thrombosis", "US CT MR", "髂、股静脉血栓，游离漂浮",
           "深静脉血栓!肌间 下肢深静脉血栓 股静脉血栓 髂静脉血栓 漂浮血栓 下腔静脉血栓 股总静脉血栓 腘静脉血栓 髂股静脉血栓 下腔静脉..血栓 股静脉..血栓 髂静脉..血栓"),
    _entry("LM03", _R.LIMBS, "假性动脉瘤或动脉破裂|Pseudoaneurysm or arterial rupture", "US CT DSA XA", "外伤、穿刺后假性动脉瘤",
           "假性动脉瘤 动脉断裂 动脉破裂!脑 动脉离断"),
    _entry("LM04", _R.LIMBS, "坏死性筋膜炎或气性坏疽|Necrotising fasciitis or gas gangrene", "", "软组织内广泛积气",
           "坏死性筋膜炎 气性坏疽 软组织..广泛积气 Fournier 产气菌感染 骨筋膜室综合征"),
    _entry("LM05*", _R.LIMBS, "骨盆不稳定骨折|Unstable pelvic fracture", "CT DR DX CR", "骨盆环断裂、耻骨联合分离", "骨盆环断裂 骨盆..不稳定 骨盆多发骨折 骨盆粉碎性骨折 耻骨联合分离 骨盆环..骨折"),
    # anywhere, and during the exam
    _entry("AN01", _R.ANY, "严重对比剂反应|Severe reaction to contrast medium", "", "检查中过敏性休克、喉头水肿、抽搐",
           "过敏性休克 对比剂..过敏反应 造影剂..过敏反应 对比剂重度反应 造影剂重度反应"),
    _entry("AN02", _R.ANY, "检查中病情危急|Emergency during the exam", "", "检查中心跳呼吸骤停、意识丧失", "心跳骤停 呼吸骤停 心搏骤停 心脏骤停"),
    _entry("AN03", _R.ANY, "空气栓塞|Air embolism", "", "血管、心腔内积气", "空气栓塞 气体栓塞 心腔内积气 血管内积气 动脉内积气"),
    _entry("AN04*", _R.ANY, "导管或植入物移位断裂|Displaced or broken catheter", "", "中心静脉导管断裂、气管插管位置异常",
           "导管断裂 气管插管过深 插管位于右主支气管 插管..右主支气管 导管异位 导管移位 导管误入 胃管误入"),
)  # fmt: skip
