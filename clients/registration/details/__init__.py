"""Registration details (登记详情) in the side panel."""
