"""The dictionary's starting content for 心电诊断: category, then a line for each term: Chinese | English | number.

The words are the usual ones of Chinese electrocardiography, put together for this program. A number is that of the
AHA/ACC/HRS statement list (Mason et al., Circulation 2007;115:1325, tables 1 and 2); a line without one has no
statement of exactly that meaning there.
"""

DIAGNOSES = """
# 总体结论 | Overall
正常心电图 | Normal ECG | 1
大致正常心电图 | Otherwise normal ECG | 2
异常心电图 | Abnormal ECG | 3
无法解释的心电图 | Uninterpretable ECG | 4
正常范围心电图 | ECG within normal limits
正常变异 | Normal variant | 228
与既往心电图比较无明显变化 | No significant change compared with the previous ECG
与既往心电图比较有动态变化 | Dynamic change compared with the previous ECG
请结合临床 | Please correlate clinically
建议动态心电图检查 | Holter recording advised
建议复查心电图 | Repeat ECG advised
建议加做 18 导联心电图 | 18-lead ECG advised

# 技术情况 | Technical conditions
肢体导联电极接反 | Extremity electrode reversal | 10
胸导联电极位置错误 | Misplaced precordial electrodes | 11
导联缺失 | Missing leads | 12
右胸导联 | Right-sided precordial electrodes | 13
伪差干扰 | Artifact | 14
记录质量差 | Poor-quality data | 15
后壁导联 | Posterior electrodes | 16
基线漂移 | Baseline wander
肌电干扰 | Muscle artifact
交流电干扰 | Mains interference
胸导联位置偏高 | High precordial lead placement | 224

# 窦性心律 | Sinus rhythms
窦性心律 | Sinus rhythm | 20
窦性心动过速 | Sinus tachycardia | 21
窦性心动过缓 | Sinus bradycardia | 22
窦性心律不齐 | Sinus arrhythmia | 23
呼吸性窦性心律不齐 | Respiratory sinus arrhythmia
窦性心动过缓伴不齐 | Sinus bradycardia with arrhythmia
二度Ⅰ型窦房阻滞 | Sinoatrial block, type I | 24
二度Ⅱ型窦房阻滞 | Sinoatrial block, type II | 25
窦性停搏 | Sinus pause or arrest | 26
窦房结功能障碍 | Sinoatrial disorder | 215
病态窦房结综合征 | Sick sinus syndrome
慢—快综合征 | Bradycardia-tachycardia syndrome
窦房结内游走性心律 | Wandering pacemaker within the sinus node
窦性早搏 | Sinus premature complexes

# 房性心律失常 | Atrial arrhythmias
房性早搏 | Atrial premature complexes | 30
频发房性早搏 | Frequent atrial premature complexes
房性早搏二联律 | Atrial bigeminy
房性早搏三联律 | Atrial trigeminy
成对房性早搏 | Atrial couplets
房性早搏未下传 | Atrial premature complexes, nonconducted | 31
房性早搏伴室内差异性传导 | Atrial premature complexes with aberrant conduction
多源性房性早搏 | Multifocal atrial premature complexes
房性逸搏 | Atrial escape complexes
房性逸搏心律 | Atrial escape rhythm
加速性房性心律 | Accelerated atrial rhythm
异位房性心律 | Ectopic atrial rhythm | 34
多源性房性心律 | Ectopic atrial rhythm, multifocal | 35
冠状窦性心律 | Coronary sinus rhythm
左房心律 | Left atrial rhythm
游走性心房节律 | Wandering atrial pacemaker | 33
逆行心房激动 | Retrograde atrial activation | 32
短阵房性心动过速 | Short run of atrial tachycardia
房性心动过速 | Ectopic atrial tachycardia, unifocal | 52
多源性房性心动过速 | Ectopic atrial tachycardia, multifocal | 53
房性心动过速伴房室阻滞 | Atrial tachycardia with AV block
心房扑动 | Atrial flutter | 51
心房扑动（2:1 传导） | Atrial flutter with 2:1 conduction
心房扑动（4:1 传导） | Atrial flutter with 4:1 conduction
心房扑动（不等比传导） | Atrial flutter with variable conduction
心房颤动 | Atrial fibrillation | 50
心房颤动伴快速心室率 | Atrial fibrillation with rapid ventricular response
心房颤动伴缓慢心室率 | Atrial fibrillation with slow ventricular response
心房颤动伴长 RR 间期 | Atrial fibrillation with long RR intervals
心房颤动伴室内差异性传导 | Atrial fibrillation with aberrant conduction
心房颤动伴三度房室阻滞 | Atrial fibrillation with complete AV block
不纯性心房扑动 | Impure atrial flutter
心房静止 | Atrial standstill

# 交界性心律失常 | Junctional arrhythmias
交界性早搏 | Junctional premature complexes | 36
交界性逸搏 | Junctional escape complexes | 37
交界性逸搏心律 | Junctional rhythm | 38
加速性交界性心律 | Accelerated junctional rhythm | 39
非阵发性交界性心动过速 | Nonparoxysmal junctional tachycardia
交界性心动过速 | Junctional tachycardia | 54
过缓的交界性逸搏心律 | Slow junctional escape rhythm
反复心律 | Reciprocal rhythm

# 室上性心动过速 | Supraventricular tachycardias
室上性心动过速 | Supraventricular tachycardia | 55
阵发性室上性心动过速 | Paroxysmal supraventricular tachycardia
窄 QRS 波心动过速 | Narrow-QRS tachycardia | 56
房室结折返性心动过速 | AV nodal reentrant tachycardia | 221
房室折返性心动过速 | AV reentrant tachycardia | 222
室上性心律（起源未定） | Uncertain supraventricular rhythm | 27
室上性早搏 | Supraventricular complexes | 41
非窦性心动过缓 | Bradycardia, nonsinus | 42

# 室性心律失常 | Ventricular arrhythmias
室性早搏 | Ventricular premature complexes | 60
偶发室性早搏 | Occasional ventricular premature complexes
频发室性早搏 | Frequent ventricular premature complexes
室性早搏二联律 | Ventricular bigeminy
室性早搏三联律 | Ventricular trigeminy
成对室性早搏 | Ventricular couplets
多形性室性早搏 | Multiform ventricular premature complexes
多源性室性早搏 | Multifocal ventricular premature complexes
间位性室性早搏 | Interpolated ventricular premature complexes
室性早搏 R on T 现象 | R-on-T ventricular premature complexes
室性早搏（右室流出道起源可能） | Ventricular premature complexes, probably of the right ventricular outflow tract
室性融合波 | Fusion complexes | 61
室性逸搏 | Ventricular escape complexes | 62
室性逸搏心律 | Idioventricular rhythm | 63
加速性室性自主心律 | Accelerated idioventricular rhythm | 64
分支性心律 | Fascicular rhythm | 65
室性并行心律 | Parasystole | 66
短阵室性心动过速 | Ventricular tachycardia, unsustained | 71
室性心动过速 | Ventricular tachycardia | 70
持续性室性心动过速 | Sustained ventricular tachycardia
多形性室性心动过速 | Ventricular tachycardia, polymorphous | 72
尖端扭转型室性心动过速 | Ventricular tachycardia, torsades de pointes | 73
双向性室性心动过速 | Bidirectional ventricular tachycardia
分支性室性心动过速 | Fascicular tachycardia | 75
宽 QRS 波心动过速 | Wide-QRS tachycardia | 76
心室扑动 | Ventricular flutter
心室颤动 | Ventricular fibrillation | 74
心室停搏 | Ventricular standstill
电—机械分离不能除外 | Pulseless electrical activity not excluded

# 房室传导 | Atrioventricular conduction
短 PR 间期 | Short PR interval | 80
一度房室阻滞 | First-degree AV block (prolonged PR interval) | 82
二度Ⅰ型房室阻滞 | Second-degree AV block, Mobitz type I (Wenckebach) | 83
二度Ⅱ型房室阻滞 | Second-degree AV block, Mobitz type II | 84
2:1 房室阻滞 | 2:1 AV block | 85
高度房室阻滞 | AV block, advanced (high-grade) | 87
几乎完全性房室阻滞 | Nearly complete AV block
三度房室阻滞 | AV block, complete (third-degree) | 88
三度房室阻滞伴交界性逸搏心律 | Complete AV block with junctional escape rhythm
三度房室阻滞伴室性逸搏心律 | Complete AV block with ventricular escape rhythm
阵发性房室阻滞 | Paroxysmal AV block
房室传导比例不等 | AV block, varying conduction | 86
房室分离 | AV dissociation | 89
干扰性房室脱节 | Interference AV dissociation
隐匿性房室传导 | Concealed AV conduction

# 室内与房内传导 | Intraventricular and intra-atrial conduction
完全性右束支阻滞 | Right bundle-branch block | 106
不完全性右束支阻滞 | Incomplete right bundle-branch block | 105
完全性左束支阻滞 | Left bundle-branch block | 104
不完全性左束支阻滞 | Incomplete left bundle-branch block
左前分支阻滞 | Left anterior fascicular block | 101
左后分支阻滞 | Left posterior fascicular block | 102
左中隔支阻滞 | Left septal fascicular block
双分支阻滞 | Bifascicular block
三分支阻滞 | Trifascicular block
完全性右束支阻滞合并左前分支阻滞 | Right bundle-branch block with left anterior fascicular block
完全性右束支阻滞合并左后分支阻滞 | Right bundle-branch block with left posterior fascicular block
交替性束支阻滞 | Alternating bundle-branch block
非特异性室内传导阻滞 | Intraventricular conduction delay | 107
室内差异性传导 | Aberrant conduction of supraventricular beats | 100
心室预激 | Ventricular preexcitation | 108
A 型预激综合征 | Preexcitation, type A
B 型预激综合征 | Preexcitation, type B
间歇性心室预激 | Intermittent preexcitation
短 PR 综合征 | Short PR syndrome
预激综合征伴心房颤动 | Preexcitation with atrial fibrillation
房内传导阻滞 | Intra-atrial block
左房传导异常 | Left atrial conduction abnormality | 110
右房传导异常 | Right atrial conduction abnormality | 109
Epsilon 波 | Epsilon wave | 111
碎裂 QRS 波 | Fragmented QRS

# 电轴、电压与转位 | Axis, voltage, rotation
电轴右偏 | Right-axis deviation | 120
电轴左偏 | Left-axis deviation | 121
电轴极度右偏 | Right superior axis | 122
电轴不定 | Indeterminate axis | 123
电轴轻度左偏 | Slight left-axis deviation
电轴轻度右偏 | Slight right-axis deviation
P 波电轴异常 | Abnormal P-wave axis | 131
QRS 波电交替 | Electrical alternans | 124
低电压 | Low voltage | 125
肢体导联低电压 | Low voltage in the limb leads
胸导联低电压 | Low voltage in the precordial leads
胸导联 R 波递增不良 | Poor precordial R-wave progression
胸导联 R 波移行异常 | Abnormal precordial R-wave progression | 128
顺钟向转位 | Clockwise rotation
逆钟向转位 | Counterclockwise rotation
SⅠSⅡSⅢ 综合征 | S1S2S3 pattern
右位心 | Dextrocardia | 230
心脏右移位 | Dextroposition | 231

# 房室肥大 | Chamber enlargement and hypertrophy
左心房肥大 | Left atrial enlargement | 140
右心房肥大 | Right atrial enlargement | 141
双心房肥大 | Biatrial enlargement
二尖瓣型 P 波 | P mitrale
肺型 P 波 | P pulmonale
左心室高电压 | Left ventricular high voltage
左心室肥大 | Left ventricular hypertrophy | 142
左心室肥大伴劳损 | Left ventricular hypertrophy with strain
右心室肥大 | Right ventricular hypertrophy | 143
右心室肥大伴劳损 | Right ventricular hypertrophy with strain
双心室肥大 | Biventricular hypertrophy | 144
右胸导联高 R 波 | Tall R waves in the right precordial leads

# ST-T 与 U 波 | ST segment, T and U waves
ST 段改变 | ST deviation | 145
ST-T 改变 | ST deviation with T-wave change | 146
非特异性 ST-T 改变 | Nonspecific ST-T change
T 波改变 | T-wave abnormality | 147
T 波低平 | Low T waves
T 波倒置 | Inverted T waves
巨大倒置 T 波 | Giant negative T waves
T 波高尖 | Tall peaked T waves
T 波双向 | Biphasic T waves
T 波切迹 | Notched T waves
T 波电交替 | T-wave alternans
持续性幼年型 T 波 | Persistent juvenile T-wave pattern
ST 段压低 | ST depression
ST 段抬高 | ST elevation
ST 段水平延长 | Prolonged horizontal ST segment
早期复极 | Early repolarization | 155
心室肥大继发 ST-T 改变 | ST-T change due to ventricular hypertrophy | 153
束支阻滞继发 ST-T 改变 | Secondary ST-T change of bundle-branch block
QT 间期延长 | Prolonged QT interval | 148
QT 间期缩短 | Short QT interval | 149
长 QT 综合征可能 | Possible long QT syndrome
短 QT 综合征可能 | Possible short QT syndrome
U 波明显 | Prominent U waves | 150
U 波倒置 | Inverted U waves | 151
T-U 融合 | TU fusion | 152
Osborn 波 | Osborn wave | 154

# 心肌缺血与梗死 | Ischaemia and infarction
心肌缺血 | Ischemia | 226
急性心肌缺血 | Acute ischemia | 220
前壁心肌缺血 | Anterior ischaemia
下壁心肌缺血 | Inferior ischaemia
侧壁心肌缺血 | Lateral ischaemia
广泛 ST 段压低伴 aVR 导联抬高 | Widespread ST depression with elevation in aVR
超急性期 T 波 | Hyperacute T waves
急性前壁心肌梗死 | Acute anterior myocardial infarction
急性前间壁心肌梗死 | Acute anteroseptal myocardial infarction
急性广泛前壁心肌梗死 | Acute extensive anterior myocardial infarction
急性下壁心肌梗死 | Acute inferior myocardial infarction
急性侧壁心肌梗死 | Acute lateral myocardial infarction
急性高侧壁心肌梗死 | Acute high lateral myocardial infarction
急性后壁心肌梗死 | Acute posterior myocardial infarction
急性右心室心肌梗死 | Acute right ventricular myocardial infarction
急性非 ST 段抬高型心肌梗死可能 | Possible non-ST-elevation myocardial infarction
前壁心肌梗死 | Anterior MI | 160
下壁心肌梗死 | Inferior MI | 161
后壁心肌梗死 | Posterior MI | 162
侧壁心肌梗死 | Lateral MI | 163
前间壁心肌梗死 | Anteroseptal MI | 165
广泛前壁心肌梗死 | Extensive anterior MI | 166
陈旧性前壁心肌梗死 | Old anterior myocardial infarction
陈旧性前间壁心肌梗死 | Old anteroseptal myocardial infarction
陈旧性下壁心肌梗死 | Old inferior myocardial infarction
陈旧性侧壁心肌梗死 | Old lateral myocardial infarction
左束支阻滞合并心肌梗死 | MI in presence of left bundle-branch block | 173
右心室心肌梗死 | Right ventricular MI | 174
室壁瘤形成可能 | Left ventricular aneurysm | 227
异常 Q 波 | Abnormal Q waves
Wellens 综合征样改变 | Wellens pattern
de Winter 综合征样改变 | De Winter pattern

# 起搏心电图 | Pacemaker
心房起搏心律 | Atrial-paced complexes or rhythm | 180
心室起搏心律 | Ventricular-paced complexes or rhythm | 181
非右室心尖部起搏 | Ventricular pacing of non-right-ventricular-apical origin | 182
心房感知心室起搏心律 | Atrial-sensed ventricular-paced complexes or rhythm | 183
房室顺序起搏心律 | AV dual-paced complexes or rhythm | 184
起搏器功能正常 | Normal pacemaker function
心房失夺获 | Failure to capture, atrial | 185
心室失夺获 | Failure to capture, ventricular | 186
心房感知不良 | Failure to inhibit, atrial | 187
心室感知不良 | Failure to inhibit, ventricular | 188
心房起搏脉冲缺失 | Failure to pace, atrial | 189
心室起搏脉冲缺失 | Failure to pace, ventricular | 190
起搏器介导性心动过速可能 | Possible pacemaker-mediated tachycardia
心脏再同步化起搏心律 | Biventricular pacing

# 电解质、药物与其他 | Electrolytes, drugs, others
急性心包炎 | Acute pericarditis | 200
急性肺栓塞可能 | Acute pulmonary embolism | 201
Brugada 波 | Brugada abnormality | 202
慢性肺部疾病心电图改变 | Chronic pulmonary disease | 203
中枢神经系统疾病心电图改变 | CNS disease | 204
洋地黄作用 | Digitalis effect | 205
洋地黄中毒 | Digitalis toxicity | 206
高钙血症 | Hypercalcemia | 207
高钾血症 | Hyperkalemia | 208
肥厚型心肌病可能 | Hypertrophic cardiomyopathy | 209
低钙血症 | Hypocalcemia | 210
低钾血症或药物影响 | Hypokalemia or drug effect | 211
低体温 | Hypothermia | 212
原发孔型房间隔缺损可能 | Ostium primum ASD | 213
心包积液 | Pericardial effusion | 214
遗传性复极异常 | Genetic repolarization abnormality | 223
甲状腺功能减退 | Hypothyroidism | 225
肺部疾病 | Pulmonary disease | 229
致心律失常性右室心肌病可能 | Possible arrhythmogenic right ventricular cardiomyopathy
应激性心肌病可能 | Possible stress cardiomyopathy
"""
