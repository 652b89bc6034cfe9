"""The same requests through NVIDIA's data-designer, told the limit."""

import os
import resource
import sys
import tempfile
import time

url, count, limit = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
os.environ |= {"BENCH_KEY": "x", "NEMO_TELEMETRY_ENABLED": "false", "HF_HUB_OFFLINE": "1"}
folder = tempfile.mkdtemp()
os.environ["DATA_DESIGNER_HOME"] = folder

import data_designer.config as dd  # noqa: E402  # reads the environment
import pandas as pd  # noqa: E402
from data_designer.interface import DataDesigner  # noqa: E402

if __name__ == "__main__":
    provider = dd.ModelProvider(name="bench", endpoint=url, provider_type="openai", api_key="BENCH_KEY")
    parameters = dd.ChatCompletionInferenceParams(max_parallel_requests=limit)
    model = dd.ModelConfig(
        alias="m", model="m", provider="bench", inference_parameters=parameters, skip_health_check=True
    )
    builder = dd.DataDesignerConfigBuilder(model_configs=[model])
    rows = pd.DataFrame({"number": [f"designer {number}" for number in range(count)]})
    builder.with_seed_dataset(dd.DataFrameSeedSource(df=rows))
    builder.add_column(dd.LLMTextColumnConfig(name="answer", prompt="{{ number }}", model_alias="m"))
    designer = DataDesigner(artifact_path=folder, model_providers=[provider])
    started = time.monotonic()
    made = designer.create(builder, num_records=count, dataset_name="bench")
    seconds = time.monotonic() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"RESULT {len(made.load_dataset())} {seconds} {used.ru_utime + used.ru_stime} {used.ru_maxrss / 1024}")
