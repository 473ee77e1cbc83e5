"""The dictionary's starting content for 检查所见: category, then a line for each term: Chinese | English.

Sentences to be put together; `__` is where a figure is written. Put together for this program.
"""

FINDINGS = """
# 节律与心率 | Rhythm and rate
窦性 P 波规律出现 | Regular sinus P waves
P 波规律出现，PR 间期固定 | Regular P waves with a constant PR interval
心率 __ 次/分 | Heart rate __ per minute
心房率 __ 次/分，心室率 __ 次/分 | Atrial rate __ per minute, ventricular rate __ per minute
PP 间期不等，相差大于 0.12 s | PP intervals differ by more than 0.12 s
RR 间期绝对不等 | RR intervals are absolutely irregular
可见长 RR 间期，最长 __ s | Long RR intervals, the longest __ s
P 波消失，代以大小不等的 f 波 | P waves replaced by f waves of varying size
P 波消失，代以锯齿状 F 波 | P waves replaced by saw-tooth F waves
P 波与 QRS 波无固定关系 | No constant relation between P waves and QRS complexes
可见提前出现的 P′ 波，其后 QRS 波形态正常 | Premature P′ waves followed by normal QRS complexes
可见提前出现的宽大畸形 QRS 波，其前无相关 P 波 | Premature wide, bizarre QRS complexes without related P waves
代偿间歇完全 | Full compensatory pause
代偿间歇不完全 | Incomplete compensatory pause
连续出现 3 个及以上宽大畸形 QRS 波 | Three or more wide, bizarre QRS complexes in a row

# P 波 | P wave
P 波直立，时限及振幅正常 | Upright P waves of normal duration and amplitude
P 波增宽，时限 __ ms，呈双峰 | Broad, notched P waves of __ ms
P 波高尖，振幅 __ mV | Tall, peaked P waves of __ mV
V1 导联 P 波终末电势负值增大 | Increased negative P terminal force in V1
Ⅱ、Ⅲ、aVF 导联 P 波倒置 | Inverted P waves in II, III, aVF
P 波低平 | Low P waves
可见两种以上形态的 P 波 | P waves of more than two shapes
未见明确 P 波 | No P waves are seen

# PR 间期 | PR interval
PR 间期正常 | Normal PR interval
PR 间期延长，__ ms | Prolonged PR interval of __ ms
PR 间期缩短，__ ms | Short PR interval of __ ms
PR 间期逐渐延长，直至 QRS 波脱落 | PR lengthens until a QRS complex is dropped
PR 间期固定，可见 QRS 波脱落 | Constant PR interval with dropped QRS complexes
PR 段压低 | PR-segment depression

# QRS 波群 | QRS complex
QRS 波形态及时限正常 | Normal QRS shape and duration
QRS 波时限增宽，__ ms | Wide QRS of __ ms
V1 导联呈 rsR′ 型，Ⅰ、V6 导联 S 波增宽 | rsR′ in V1, wide S in I and V6
Ⅰ、V5、V6 导联 R 波增宽、切迹，V1 呈 rS 或 QS 型 | Broad notched R in I, V5, V6, rS or QS in V1
QRS 波起始部可见 δ 波 | Delta waves at the beginning of the QRS
Ⅱ、Ⅲ、aVF 导联呈 rS 型，Ⅰ、aVL 导联呈 qR 型 | rS in II, III, aVF, qR in I, aVL
Ⅰ、aVL 导联呈 rS 型，Ⅲ、aVF 导联呈 qR 型 | rS in I, aVL, qR in III, aVF
Ⅱ、Ⅲ、aVF 导联可见异常 Q 波 | Abnormal Q waves in II, III, aVF
V1—V3 导联呈 QS 型 | QS in V1 to V3
V1—V6 导联可见异常 Q 波 | Abnormal Q waves in V1 to V6
Ⅰ、aVL 导联可见异常 Q 波 | Abnormal Q waves in I, aVL
RV5+SV1=__ mV | RV5+SV1 = __ mV
RV5=__ mV | RV5 = __ mV
RV1+SV5=__ mV | RV1+SV5 = __ mV
V1 导联 R/S 大于 1 | R/S above 1 in V1
各肢体导联 QRS 波振幅均小于 0.5 mV | QRS below 0.5 mV in all limb leads
各胸导联 QRS 波振幅均小于 1.0 mV | QRS below 1.0 mV in all precordial leads
V1—V4 导联 R 波递增不良 | Poor R progression from V1 to V4
QRS 波振幅交替变化 | QRS amplitude alternates
每个 QRS 波前可见起搏脉冲信号 | A pacing spike before each QRS complex
部分起搏脉冲后未见相应 QRS 波 | Some pacing spikes are not followed by a QRS complex

# ST 段 | ST segment
ST 段无明显偏移 | No ST deviation
Ⅱ、Ⅲ、aVF 导联 ST 段抬高 __ mV | ST elevation of __ mV in II, III, aVF
V1—V4 导联 ST 段抬高 __ mV | ST elevation of __ mV in V1 to V4
V1—V6 导联 ST 段弓背向上抬高 __ mV | Convex ST elevation of __ mV in V1 to V6
Ⅰ、aVL 导联 ST 段抬高 __ mV | ST elevation of __ mV in I, aVL
V7—V9 导联 ST 段抬高 __ mV | ST elevation of __ mV in V7 to V9
V3R—V5R 导联 ST 段抬高 __ mV | ST elevation of __ mV in V3R to V5R
aVR 导联 ST 段抬高 __ mV | ST elevation of __ mV in aVR
多导联 ST 段凹面向上抬高 | Concave ST elevation in many leads
Ⅱ、Ⅲ、aVF 导联 ST 段水平型压低 __ mV | Horizontal ST depression of __ mV in II, III, aVF
V4—V6 导联 ST 段水平型压低 __ mV | Horizontal ST depression of __ mV in V4 to V6
ST 段下斜型压低 | Downsloping ST depression
ST 段上斜型压低 | Upsloping ST depression
ST 段呈鱼钩样压低 | Scooped ST depression
V1—V2 导联 ST 段下斜型抬高伴 T 波倒置 | Coved ST elevation with inverted T in V1 and V2
J 点抬高 | J-point elevation

# T 波与 U 波 | T and U waves
T 波形态正常 | Normal T waves
Ⅱ、Ⅲ、aVF 导联 T 波倒置 | Inverted T in II, III, aVF
V1—V4 导联 T 波倒置 | Inverted T in V1 to V4
V4—V6 导联 T 波倒置 | Inverted T in V4 to V6
Ⅰ、aVL 导联 T 波低平或倒置 | Low or inverted T in I, aVL
多导联 T 波低平 | Low T in many leads
T 波高尖，基底变窄 | Tall, narrow-based T waves
T 波对称性深倒置 | Deep symmetrical T inversion
U 波振幅增高，大于同导联 T 波的 1/2 | U waves higher than half of the T wave
U 波倒置于 __ 导联 | Inverted U waves in __

# QT 间期与电轴 | QT interval and axis
QT 间期正常 | Normal QT interval
QT/QTc __/__ ms | QT/QTc __/__ ms
QTc 间期延长，__ ms | Prolonged QTc of __ ms
QTc 间期缩短，__ ms | Short QTc of __ ms
QRS 电轴 __° | QRS axis __°
电轴不偏 | Normal axis
"""
