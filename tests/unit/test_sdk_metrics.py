"""What is counted through Temporal's SDK, in Prometheus' format."""

from audioprep.telemetry.sdk_metrics import SdkMetrics


async def test_counters_gauges_and_histograms_have_their_labels() -> None:
    metrics = SdkMetrics()
    meter = metrics.runtime.metric_meter.with_additional_attributes({"task_queue": "q", "eager": False})
    internal = meter.with_additional_attributes({"task_queue": "temporal-sys/something"})

    counter = meter.create_counter("runs", "Runs")
    counter.add(2)
    counter.add(3, {"outcome": "ok"})
    counter.add(1)
    gauge = meter.create_gauge("slots", "Slots")
    gauge.set(5)
    gauge.set(4)
    histogram = meter.create_histogram_float("latency", "Latency", "s")
    for seconds in (0.005, 0.2, 7.0, 9999.0):
        histogram.record(seconds)
    internal.create_counter("noise", "Noise").add(1)

    text = (await metrics.text()).decode()

    labels = 'eager="false",task_queue="q"'
    assert f"runs_total{{{labels}}} 3.0" in text
    assert 'runs_total{eager="false",outcome="ok",task_queue="q"} 3.0' in text
    assert f"slots{{{labels}}} 4.0" in text
    buckets = {
        bound: f'latency_seconds_bucket{{eager="false",le="{bound}",task_queue="q"}}'
        for bound in ("0.005", "10.0", "+Inf")
    }
    assert [f"{buckets[bound]} {count}" in text for bound, count in (("0.005", 1.0), ("10.0", 3.0), ("+Inf", 4.0))] == [
        True
    ] * 3
    assert f"latency_seconds_count{{{labels}}} 4.0" in text
    assert "noise" not in text
    assert "process_cpu_seconds_total" in text
