"""What a Python user would run in place of encode: Pillow, tokenizers, ONNX Runtime and pyarrow.

    python encode.py model FOLDER          writes CLIP ViT-B/32 with random weights as ONNX
    python encode.py serve FOLDER          measures, in turns with scripts/bench encode

The server prints "ready" and its versions; then, for each line "WORK COUNT WAY BATCH" on standard input, does
that once and prints its seconds. WAY is "processes" (two, one thread of the runtime each) or "threads" (two
threads that read, one session of two threads), for WORK "images" (JPEG files to Parquet), "resize" (JPEG
files to 224 x 224 pixels), "draft" (the same with Pillow's draft) and "texts/MODEL".
"""

import json
import multiprocessing
import pathlib
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

SIDE = 224
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
STD = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)


def write_model(folder):
    import torch
    import transformers

    class Tower(torch.nn.Module):
        def __init__(self, model):
            super().__init__()
            self.model = model

        def forward(self, value):
            return self.model(value)[0]

    torch.manual_seed(1)
    config = transformers.CLIPConfig()  # ViT-B/32
    config.vision_config._attn_implementation = config.text_config._attn_implementation = "eager"
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    golden = pathlib.Path(__file__).parents[2] / "common/src/test/resources/golden/clip"
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(golden / name, folder / name)
    ids = torch.tensor([[3, 5, 6, 7], [3, 7, 8, 9]])
    # The end-of-text token is where the model pools; its id is that of the tokenizer above.
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    end = next(token["id"] for token in tokenizer["added_tokens"] if token["content"] == "<|endoftext|>")
    config.text_config.eos_token_id = end
    ids[:, -1] = end
    vision = Tower(transformers.CLIPVisionModelWithProjection(config.vision_config).eval())
    text = Tower(transformers.CLIPTextModelWithProjection(config.text_config).eval())
    batch = {0: "batch_size"}
    torch.onnx.export(
        vision, (torch.randn(2, 3, SIDE, SIDE),), str(folder / "onnx/vision_model.onnx"), input_names=["pixel_values"],
        output_names=["image_embeds"], dynamic_axes={"pixel_values": batch, "image_embeds": batch}, opset_version=17, dynamo=False)
    torch.onnx.export(
        text, (ids,), str(folder / "onnx/text_model.onnx"), input_names=["input_ids"], output_names=["text_embeds"],
        dynamic_axes={"input_ids": {0: "batch_size", 1: "sequence_length"}, "text_embeds": batch}, opset_version=17, dynamo=False)
    (folder / "config.json").write_text(json.dumps({"model_type": "clip", "text_config": {"max_position_embeddings": 77}}))
    (folder / "preprocessor_config.json").write_text(json.dumps({
        "do_resize": True, "size": {"shortest_edge": SIDE}, "resample": 3, "do_center_crop": True,
        "crop_size": {"height": SIDE, "width": SIDE}, "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True,
        "image_mean": MEAN.tolist(), "image_std": STD.tolist(), "image_processor_type": "CLIPImageProcessor"}))


def session(file, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def picture(file, draft=False):
    from PIL import Image
    image = Image.open(file)
    if draft:
        image.draft("RGB", (SIDE, SIDE))
    image = image.convert("RGB")
    scale = SIDE / min(image.size)
    width, height = max(SIDE, int(image.width * scale)), max(SIDE, int(image.height * scale))
    image = image.resize((width, height), Image.Resampling.BICUBIC)
    left, top = (width - SIDE) // 2, (height - SIDE) // 2
    return np.asarray(image.crop((left, top, left + SIDE, top + SIDE)))


def pixels(pictures):
    scaled = np.stack(pictures).astype(np.float32)
    scaled *= 1 / (255 * STD)
    scaled -= MEAN / STD
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def batches(items, size):
    return [items[i:i + size] for i in range(0, len(items), size)]


class Models:
    """Opened once per process and number of threads."""

    def __init__(self, folder):
        self.folder = folder
        self.opened = {}

    def get(self, name, threads):
        if (name, threads) not in self.opened:
            self.opened[name, threads] = session(self.folder / name, threads)
        return self.opened[name, threads]

    def tokenizer(self, name):
        from tokenizers import Tokenizer
        if name not in self.opened:
            tokenizer = Tokenizer.from_file(str(self.folder / name / "tokenizer.json"))
            tokenizer.no_padding()
            tokenizer.enable_truncation(512 if name == "bge" else 77)
            self.opened[name] = tokenizer
        return self.opened[name]


def encode_images(files, threads, batch, read):
    run = MODELS.get("clip/onnx/vision_model.onnx", threads)
    return [unit(run.run(None, {"pixel_values": pixels(read(part))})[0]) for part in batches(files, batch)]


def encode_texts(model, texts, threads, batch):
    """Sorted by length, so that there is little padding."""
    tokens = sorted(MODELS.tokenizer(model).encode_batch(texts), key=lambda encoding: len(encoding.ids))
    graph = "bge/model.onnx" if model == "bge" else "clip/onnx/text_model.onnx"
    run = MODELS.get(graph, threads)
    for part in batches(tokens, batch):
        longest = max(len(encoding.ids) for encoding in part)
        ids = np.zeros((len(part), longest), np.int64)
        mask = np.zeros((len(part), longest), np.int64)
        for row, encoding in enumerate(part):
            ids[row, :len(encoding.ids)] = encoding.ids
            mask[row, :len(encoding.ids)] = 1
        if model == "bge":
            unit(run.run(None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})[0][:, 0])
        else:
            ids[mask == 0] = ids[0, mask[0].sum() - 1]  # CLIP fills up with the end token
            unit(run.run(None, {"input_ids": ids})[0])


def start(folder):
    global MODELS
    MODELS = Models(folder)


def work(task):
    """In a process of the pool."""
    kind, items, batch = task
    if kind == "images":
        return encode_images(items, 1, batch, lambda part: [picture(file) for file in part])
    if kind in ("resize", "draft"):
        return [len([picture(file, kind == "draft") for file in items])]
    return encode_texts(kind.split("/")[1], items, 1, batch)


def write_parquet(files, vectors, to):
    import pyarrow
    import pyarrow.parquet
    rows = np.concatenate(vectors)
    table = pyarrow.table({"id": [str(file) for file in files], "vector": [row.tobytes() for row in rows]})
    pyarrow.parquet.write_table(table, to)


def turn(folder, pool, threads, kind, items, way, batch):
    begin = time.perf_counter()
    if way == "processes":
        size = max(batch, len(items) // 8) if kind not in ("resize", "draft") else max(1, len(items) // 8)
        parts = pool.map(work, [(kind, part, batch) for part in batches(items, size)], chunksize=1)
        vectors = [vector for part in parts if part for vector in part]
    elif kind == "images":
        ahead = [threads.submit(picture, file) for file in items]
        numbers = {file: i for i, file in enumerate(items)}
        vectors = encode_images(items, 2, batch, lambda part: [ahead[numbers[file]].result() for file in part])
    elif kind in ("resize", "draft"):
        list(threads.map(lambda file: picture(file, kind == "draft"), items))
    else:
        encode_texts(kind.split("/")[1], items, 2, batch)
    if kind == "images":
        write_parquet(items, vectors, folder / "peer.parquet")
    return time.perf_counter() - begin


def serve(folder):
    import onnxruntime
    import PIL
    import tokenizers
    start(folder)
    files = sorted((folder / "images").glob("*.jpg"))
    texts = json.loads((folder / "texts.json").read_text())
    with multiprocessing.Pool(2, start, (folder,)) as pool, ThreadPoolExecutor(2) as threads:
        print(f"ready Pillow {PIL.__version__}, tokenizers {tokenizers.__version__}, ONNX Runtime {onnxruntime.__version__}", flush=True)
        for line in sys.stdin:
            kind, count, way, batch = line.split()
            items = (texts if kind.startswith("texts") else files)[:int(count)]
            print(turn(folder, pool, threads, kind, items, way, int(batch)), flush=True)


if __name__ == "__main__":
    {"model": lambda folder: write_model(folder / "clip"), "serve": serve}[sys.argv[1]](pathlib.Path(sys.argv[2]).resolve())
