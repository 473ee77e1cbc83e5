"""English of 危急心电图."""

ENTRIES = {
    "危急心电图": "Critical ECGs",
    "待确认": "To confirm",
    "已确认": "Acknowledged",
    "发现时间": "Found at",
    "危急表现": "Critical finding",
    "依据": "Reason",
    "确认人": "Acknowledged by",
    "确认时间": "Acknowledged at",
    "确认处理": "Acknowledge",
    "没有危急心电图": "No critical ECGs",
    "心电图到达时按设置的规则判断，发现危急表现立即列在这里。": (
        "Every trace is judged by the rules when it arrives; what is dangerous stands here at once."
    ),
    "确认表示已看到并已通知、处理；姓名和时间记入闭环。": (
        "To acknowledge means: seen, told and acted on; name and time are kept."
    ),
}
