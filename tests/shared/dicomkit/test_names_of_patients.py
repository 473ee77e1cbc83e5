"""Pinyin of patients' names as the registration writes it: rare, compound and everyday surnames, checked by hand."""

from __future__ import annotations

import pytest

from shared.dicomkit.names import romanised, search_keys

_TABLE = """
单雄信 Shan^Xiongxin · 仇英 Qiu^Ying · 曾国藩 Zeng^Guofan · 解缙 Xie^Jin · 区寄 Ou^Ji · 查良镛 Zha^Liangyong
盖叫天 Ge^Jiaotian · 尉迟恭 Yuchi^Gong · 万俟卨 Moqi^Xie · 长孙无忌 Zhangsun^Wuji · 朴槿惠 Piao^Jinhui
任正非 Ren^Zhengfei · 华佗 Hua^Tuo · 燕青 Yan^Qing · 翟志刚 Zhai^Zhigang · 柏杨 Bai^Yang · 乐毅 Yue^Yi
员半千 Yun^Banqian · 种师道 Chong^Shidao · 秘彭祖 Bi^Pengzu · 冼星海 Xian^Xinghai · 句践 Gou^Jian
召平 Shao^Ping · 缪荃孙 Miao^Quansun · 晁错 Chao^Cuo · 逄先知 Pang^Xianzhi · 繁钦 Po^Qin · 那英 Na^Ying
尉缭 Wei^Liao · 沈从文 Shen^Congwen · 隗嚣 Wei^Xiao · 车晓 Che^Xiao · 覃海洋 Qin^Haiyang · 郗鉴 Xi^Jian
都穆 Du^Mu · 牟其中 Mu^Qizhong · 宁浩 Ning^Hao · 葛优 Ge^You · 应采儿 Ying^Caier · 过百龄 Guo^Bailing
要离 Yao^Li · 哈文 Ha^Wen · 谌龙 Chen^Long · 瞿秋白 Qu^Qiubai · 褚遂良 Chu^Suiliang · 藏天朔 Zang^Tianshuo
臧克家 Zang^Kejia · 撒贝宁 Sa^Beining · 呙于喜 Guo^Yuxi · 芮成钢 Rui^Chenggang · 阚清子 Kan^Qingzi
邸强 Di^Qiang · 幺力 Yao^Li · 祭遵 Zhai^Zun · 曲波 Qu^Bo · 万里 Wan^Li · 石评梅 Shi^Pingmei
贾平凹 Jia^Pingwa · 强薇 Qiang^Wei · 卜凡 Bu^Fan · 纪昀 Ji^Yun · 宓子贱 Mi^Zijian · 戴望舒 Dai^Wangshu
洪升 Hong^Sheng · 俞平伯 Yu^Pingbo · 喻国明 Yu^Guoming · 占旭刚 Zhan^Xugang · 干宝 Gan^Bao · 和珅 He^Shen
令狐冲 Linghu^Chong · 肖战 Xiao^Zhan · 於梨华 Yu^Lihua · 于谦 Yu^Qian · 訾武 Zi^Wu · 眭固 Sui^Gu · 麻吉 Ma^Ji
仝卓 Tong^Zhuo · 闫妮 Yan^Ni · 岑参 Cen^Can · 钭敏 Tou^Min · 琚宾 Ju^Bin · 郄永 Qie^Yong · 逯钦立 Lu^Qinli
亢慕义 Kang^Muyi · 殷桃 Yin^Tao · 逢蒙 Pang^Meng · 叶圣陶 Ye^Shengtao · 吕布 Lyu^Bu · 陆游 Lu^You
薄熙 Bo^Xi · 红线女 Hong^Xiannyu · 费孝通 Fei^Xiaotong · 南怀瑾 Nan^Huaijin · 盛宣怀 Sheng^Xuanhuai
夏侯惇 Xiahou^Dun · 冯至 Feng^Zhi · 尹桂芳 Yin^Guifang · 莘野 Shen^Ye · 鲜于枢 Xianyu^Shu
长孙皇后 Zhangsun^Huanghou · 甄嬛 Zhen^Huan · 郭沫若 Guo^Moruo · 阿英 A^Ying · 佟丽娅 Tong^Liya
虞世南 Yu^Shinan · 欧阳修 Ouyang^Xiu · 司马迁 Sima^Qian · 上官婉儿 Shangguan^Waner · 诸葛亮 Zhuge^Liang
东方朔 Dongfang^Shuo · 皇甫谧 Huangfu^Mi · 公羊高 Gongyang^Gao · 澹台灭明 Tantai^Mieming
宗政珍 Zongzheng^Zhen · 濮阳成 Puyang^Cheng · 淳于髡 Chunyu^Kun · 单于丹 Chanyu^Dan · 太叔段 Taishu^Duan
申屠嘉 Shentu^Jia · 公孙策 Gongsun^Ce · 仲孙蔑 Zhongsun^Mie · 轩辕剑 Xuanyuan^Jian · 钟离权 Zhongli^Quan
宇文化及 Yuwen^Huaji · 慕容复 Murong^Fu · 闾丘晓 Lyuqiu^Xiao · 司徒美堂 Situ^Meitang · 司空曙 Sikong^Shu
司寇惠 Sikou^Hui · 颛孙师 Zhuansun^Shi · 端木蕻良 Duanmu^Hongliang · 巫马期 Wuma^Qi · 公西华 Gongxi^Hua
漆雕开 Qidiao^Kai · 乐正裘 Yuezheng^Qiu · 壤驷赤 Rangsi^Chi · 公良孺 Gongliang^Ru · 夹谷清 Jiagu^Qing
宰父黑 Zaifu^Hei · 谷梁赤 Guliang^Chi · 段干木 Duangan^Mu · 百里奚 Baili^Xi · 东郭明 Dongguo^Ming
南门楼 Nanmen^Lou · 呼延灼 Huyan^Zhuo · 羊舌肸 Yangshe^Xi · 微生高 Weisheng^Gao · 梁丘贺 Liangqiu^He
左丘明 Zuoqiu^Ming · 西门豹 Ximen^Bao · 第五伦 Diwu^Lun · 赫连勃勃 Helian^Bobo · 闻人德 Wenren^De
独孤求败 Dugu^Qiubai · 完颜洪烈 Wanyan^Honglie · 耶律楚材 Yelyu^Chucai · 纳兰性德 Nalan^Xingde
哥舒翰 Geshu^Han · 达奚武 Daxi^Wu · 屈突通 Qutu^Tong · 张伟 Zhang^Wei · 王芳 Wang^Fang · 李娜 Li^Na
刘洋 Liu^Yang · 陈静 Chen^Jing · 杨柳 Yang^Liu · 赵敏 Zhao^Min · 黄蓉 Huang^Rong · 周杰 Zhou^Jie
吴秀兰 Wu^Xiulan · 徐丽 Xu^Li · 孙悦 Sun^Yue · 马超 Ma^Chao · 朱军 Zhu^Jun · 胡歌 Hu^Ge · 林青霞 Lin^Qingxia
何炅 He^Jiong · 高圆圆 Gao^Yuanyuan · 梁朝伟 Liang^Chaowei · 郑爽 Zheng^Shuang · 罗大佑 Luo^Dayou
宋佳 Song^Jia · 谢霆锋 Xie^Tingfeng · 唐嫣 Tang^Yan · 韩寒 Han^Han · 曹颖 Cao^Ying · 许巍 Xu^Wei
邓超 Deng^Chao · 萧红 Xiao^Hong · 田汉 Tian^Han · 董卿 Dong^Qing · 袁泉 Yuan^Quan · 潘粤明 Pan^Yueming
于和伟 Yu^Hewei · 蒋雯丽 Jiang^Wenli · 蔡琴 Cai^Qin · 余华 Yu^Hua · 杜甫 Du^Fu · 苏轼 Su^Shi · 魏晨 Wei^Chen
程蝶衣 Cheng^Dieyi · 丁玲 Ding^Ling · 姚明 Yao^Ming · 崔健 Cui^Jian · 钟汉良 Zhong^Hanliang
谭咏麟 Tan^Yonglin · 廖凡 Liao^Fan · 范冰冰 Fan^Bingbing · 汪涵 Wang^Han · 金庸 Jin^Yong · 秦岚 Qin^Lan
江疏影 Jiang^Shuying · 史铁生 Shi^Tiesheng · 顾城 Gu^Cheng · 侯宝林 Hou^Baolin · 孟非 Meng^Fei
龙应台 Long^Yingtai · 段奕宏 Duan^Yihong · 雷军 Lei^Jun · 钱钟书 Qian^Zhongshu · 汤唯 Tang^Wei · 黎明 Li^Ming
易中天 Yi^Zhongtian · 常香玉 Chang^Xiangyu · 武则天 Wu^Zetian · 乔羽 Qiao^Yu · 贺龙 He^Long
赖声川 Lai^Shengchuan · 龚琳娜 Gong^Linna · 章子怡 Zhang^Ziyi · 庞统 Pang^Tong · 樊胜美 Fan^Shengmei
兰晓龙 Lan^Xiaolong · 殷秀梅 Yin^Xiumei · 施耐庵 Shi^Naian · 陶渊明 Tao^Yuanming · 翁美玲 Weng^Meiling
安意如 An^Yiru · 颜真卿 Yan^Zhenqing · 倪萍 Ni^Ping · 严歌苓 Yan^Geling · 牛群 Niu^Qun · 温兆伦 Wen^Zhaolun
季羡林 Ji^Xianlin · 章太炎 Zhang^Taiyan · 鲁迅 Lu^Xun · 毛阿敏 Mao^Amin · 古巨基 Gu^Juji · 伍佰 Wu^Bai
柯蓝 Ke^Lan · 鞠婧祎 Ju^Jingyi · 滕格尔 Teng^Geer · 霍去病 Huo^Qubing · 祝枝山 Zhu^Zhishan
左宗棠 Zuo^Zongtang · 柳永 Liu^Yong · 辛弃疾 Xin^Qiji · 管虎 Guan^Hu · 耿直 Geng^Zhi · 焦裕禄 Jiao^Yulu
党秀兰 Dang^Xiulan · 饶雪漫 Rao^Xueman · 阎维文 Yan^Weiwen · 骆宾王 Luo^Binwang · 米芾 Mi^Fei
游本昌 You^Benchang · 路遥 Lu^Yao · 关晓彤 Guan^Xiaotong · 房玄龄 Fang^Xuanling · 屈原 Qu^Yuan
卓文君 Zhuo^Wenjun · 白居易 Bai^Juyi · 巩俐 Gong^Li · 童安格 Tong^Ange · 苗圃 Miao^Pu · 蒲松龄 Pu^Songling
甘露 Gan^Lu · 景甜 Jing^Tian · 涂磊 Tu^Lei · 齐白石 Qi^Baishi · 辜鸿铭 Gu^Hongming · 靳东 Jin^Dong
项羽 Xiang^Yu · 荆轲 Jing^Ke · 栾树 Luan^Shu
"""
NAMES = dict(pair.split() for line in _TABLE.strip().splitlines() for pair in line.split(" · "))


def test_there_are_at_least_two_hundred_names() -> None:
    assert len(NAMES) >= 200


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_read_as_a_name(name: str) -> None:
    assert romanised(name) == NAMES[name]
    full, initials = search_keys(name)
    assert full == NAMES[name].replace("^", "").lower()
    assert len(initials) == len(name)
