"""Pipeline health, from the services' own metrics: is anything late, refused, or lost."""

from __future__ import annotations

from typing import Final

from dashboards.panels import Board, Metric, Panel, Row, Text, Unit


def _panel(name: str, title: Text, reading: Text, *metrics: Metric, unit: Unit = "count", width: int = 8) -> Panel:
    return Panel(
        name=name, title=title, reading=reading, shape="lines", metrics=metrics, unit=unit, width=width, height=7
    )


_IN: Final = Row(
    title=Text("进来", "In: the gateway"),
    panels=(
        _panel(
            "gateway_events",
            Text("每秒收下的事件", "Events accepted a second"),
            Text(
                "落到零而群里还在说话：看数据源是否断了。",
                "At zero while people talk: see whether a source is cut off.",
            ),
            Metric(expression="sum by (type) (rate(huoqun_gateway_events_total[5m]))", legend="{{type}}"),
            unit="per_second",
        ),
        _panel(
            "gateway_refused",
            Text("每秒拒绝", "Refused a second"),
            Text("签名错：密钥不一致或有人在试探。", "Signatures: a secret differs, or somebody is probing."),
            Metric(expression="sum by (reason) (rate(huoqun_gateway_refused_total[5m]))", legend="{{reason}}"),
            unit="per_second",
        ),
        _panel(
            "gateway_seconds",
            Text("应答时间 p50、p99", "Time to answer, p50 and p99"),
            Text(
                "平台大多等 3 到 5 秒；p99 过 1 秒要看消息队列。",
                "Platforms wait 3 to 5 s; p99 above 1 s: look at the broker.",
            ),
            Metric(
                expression="histogram_quantile(0.5, sum by (le) (rate(huoqun_gateway_request_seconds_bucket[5m])))",
                legend="p50",
            ),
            Metric(
                expression="histogram_quantile(0.99, sum by (le) (rate(huoqun_gateway_request_seconds_bucket[5m])))",
                legend="p99",
            ),
            unit="seconds",
        ),
        _panel(
            "sources_last_sign",
            Text("各数据源多久没动静", "How long each source has been silent"),
            Text(
                "比它平时久得多才算断了，那时会有提醒。",
                "Much longer than is usual for it is cut off; an alert says so.",
            ),
            Metric(
                expression="time() - max by (source) (huoqun_gateway_source_last_sign_timestamp_seconds)",
                legend="{{source}}",
            ),
            unit="seconds",
        ),
        _panel(
            "spool_records",
            Text("暂存在磁盘上的事件", "Events kept on disk for the broker"),
            Text(
                "不为零：消息队列不通，事件还在，通了自己会送。",
                "Not zero: the broker is away; they are sent once it is back.",
            ),
            Metric(expression="sum(huoqun_gateway_spool_records)", legend="events"),
        ),
        _panel(
            "spool_errors",
            Text("暂存出错", "Trouble with the disk spool"),
            Text("一出现就要看：盘满时会拒收。", "Look at any: with a full disk events are refused."),
            Metric(expression="sum by (kind) (increase(huoqun_gateway_spool_errors_total[15m]))", legend="{{kind}}"),
        ),
    ),
)
_COMPUTED: Final = Row(
    title=Text("计算", "Computed: the workers"),
    panels=(
        _panel(
            "worker_events",
            Text("每秒处理的事件", "Events applied a second"),
            Text("比收下的少：在落后。", "Less than is accepted: it falls behind."),
            Metric(expression="sum(rate(huoqun_worker_events_total[5m]))", legend="events"),
            unit="per_second",
        ),
        _panel(
            "worker_lag",
            Text("落后的记录", "Consumer lag, records"),
            Text(
                "持续上升就加一个 worker（不超过分区数）。", "Rising for minutes: add a worker, up to one a partition."
            ),
            Metric(expression="sum by (partition) (huoqun_worker_lag_records)", legend="{{partition}}"),
        ),
        _panel(
            "worker_tick_age",
            Text("离上一次报时", "Time since the last tick"),
            Text("超过几秒：这个分区的提醒会迟到。", "More than a few seconds: alerts of that partition come late."),
            Metric(
                expression="time() - max by (partition) (huoqun_worker_last_tick_timestamp_seconds)",
                legend="{{partition}}",
            ),
            unit="seconds",
        ),
        _panel(
            "worker_checkpoints",
            Text("存档耗时 p99", "Checkpoint time, p99"),
            Text(
                "超过 5 秒：消息队列慢，或成员太多。", "Above 5 s: a slow broker, or too many members for one worker."
            ),
            Metric(
                expression="histogram_quantile(0.99, sum by (le) (rate(huoqun_worker_checkpoint_seconds_bucket[5m])))",
                legend="p99",
            ),
            unit="seconds",
        ),
        _panel(
            "worker_rebalances",
            Text("分区重新分配", "Rebalances"),
            Text("除启动和升级外应为零。", "Zero but for starts and upgrades."),
            Metric(expression="sum(increase(huoqun_worker_rebalances_total[15m]))", legend="rebalances"),
        ),
        _panel(
            "unplaced",
            Text("来得太晚的事件", "Events that came too late"),
            Text(
                "存下了，但不进信号。经常出现：看来源的时钟和重试。",
                "Stored, but not in the signals. Often: look at clocks and retries.",
            ),
            Metric(expression="sum(increase(huoqun_worker_unplaced_events_total[15m]))", legend="events"),
        ),
    ),
)
_OUT: Final = Row(
    title=Text("出去", "Out: the sinks"),
    panels=(
        _panel(
            "stored_after",
            Text("从收下到看得见 p50、p99", "From accepted to visible, p50 and p99"),
            Text("平时在 1.5 秒以内。", "Usually within 1.5 s."),
            Metric(
                expression="histogram_quantile(0.5, sum by (le) (rate(huoqun_sink_stored_after_seconds_bucket[5m])))",
                legend="p50",
            ),
            Metric(
                expression="histogram_quantile(0.99, sum by (le) (rate(huoqun_sink_stored_after_seconds_bucket[5m])))",
                legend="p99",
            ),
            unit="seconds",
        ),
        _panel(
            "sink_rows",
            Text("每秒写入的行", "Rows stored a second"),
            Text("重复写入也算，读的时候只见一次。", "Repeats count again here; readers see each row once."),
            Metric(expression="sum by (table) (rate(huoqun_sink_rows_total[5m]))", legend="{{table}}"),
            unit="per_second",
        ),
        _panel(
            "sink_lag",
            Text("未写入的记录", "Records not stored yet"),
            Text("持续上升：库慢或不通。", "Rising: the store is slow or away."),
            Metric(expression="sum by (topic) (huoqun_sink_lag_records)", legend="{{topic}}"),
        ),
        _panel(
            "sink_errors",
            Text("写入失败（会重试）", "Failed writes (tried again)"),
            Text("不会丢；一直有就看库。", "Nothing is lost; if it goes on, look at the store."),
            Metric(expression="sum by (kind) (increase(huoqun_sink_errors_total[15m]))", legend="{{kind}}"),
        ),
        _panel(
            "dead_letters",
            Text("死信", "Dead letters"),
            Text("用 huoqun dlq list 看原因，修好后 replay。", "See why with huoqun dlq list; replay once mended."),
            Metric(
                expression="sum by (reason) (increase(huoqun_worker_dead_letters_total[1h]))",
                legend="worker {{reason}}",
            ),
            Metric(expression="sum by (topic) (increase(huoqun_sink_dead_letters_total[1h]))", legend="sink {{topic}}"),
        ),
        _panel(
            "sink_paused",
            Text("写入暂停", "Sinks that wait for the store"),
            Text("1：库不通，数据在消息队列里等。", "1: the store is away, the data waits in the broker."),
            Metric(expression="max by (instance) (huoqun_sink_paused)", legend="{{instance}}"),
        ),
    ),
)

BOARD: Final = Board(
    name="pipeline",
    title=Text("流水线", "Pipeline health"),
    about=Text("数据有没有迟到、被拒、丢失。", "Is anything late, refused, or lost."),
    rows=(_IN, _COMPUTED, _OUT),
    variables=(),
    since="now-3h",
    refresh="10s",
    alerts=False,
)
