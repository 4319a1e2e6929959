"""Who serves models, who makes them, and how both write their names: the data behind `augury.models.names`.

Providers are named as OpenTelemetry's `gen_ai.provider.name` names them, where it does
(https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/), and by one plain lower-case word otherwise.
"""

from __future__ import annotations

import re

UNKNOWN = "unknown"
"""The model, or the provider, of a call that does not tell."""

UNNAMED = frozenset({"", "none", "null", "nil", "nan", "undefined", "n/a", "redacted", UNKNOWN})
"""What stands where a model's name is missing, in lower case and without brackets."""

_WRITTEN_AS = {
    "ai21": "ai21 ai21_chat",
    "alibaba": "alibaba dashscope qwencloud qwen_ai_platform",
    "anthropic": "anthropic",
    "aws.bedrock": (
        "aws.bedrock aws_bedrock amazon_bedrock bedrock bedrock_converse bedrock_mantle aws amazon amazon_nova"
    ),
    "aws.sagemaker": "aws.sagemaker sagemaker sagemaker_chat",
    "azure.ai.inference": "azure.ai.inference az.ai.inference azure_ai azure_ai_inference azure_ai_foundry",
    "azure.ai.openai": "azure.ai.openai az.ai.openai azure azure_openai azure_text",
    "cloudflare": "cloudflare @cf @hf clf_ai_gateway",
    "cohere": "cohere cohere_chat",
    "deepseek": "deepseek",
    "fireworks": "fireworks fireworks_ai accounts",
    "gcp.gemini": "gcp.gemini gemini google google_ai_studio google_genai google_generativeai",
    "gcp.gen_ai": "gcp.gen_ai",
    "gcp.vertex_ai": "gcp.vertex_ai vertex_ai vertex_ai_beta vertexai vertex google_vertex projects publishers",
    "groq": "groq",
    "huggingface": "huggingface hf hugging_face",
    "ibm.watsonx.ai": "ibm.watsonx.ai watsonx watsonx_text ibm_watsonx",
    "lambda": "lambda lambda_ai",
    "minimax": "minimax",
    "mistral_ai": "mistral_ai mistral codestral text_completion_codestral",
    "moonshot": "moonshot moonshot_ai moonshotai",
    "nvidia": "nvidia nvidia_nim",
    "ollama": "ollama ollama_chat",
    "openai": "openai text_completion_openai",
    "perplexity": "perplexity perplexity_ai pplx",
    "together": "together together_ai togetherai",
    "vercel": "vercel vercel_ai_gateway",
    "vllm": "vllm hosted_vllm",
    "voyage": "voyage voyageai voyage_ai",
    "x_ai": "x_ai xai",
    "zai": "zai z_ai",
}
_WRITTEN_AS_THEMSELVES = (
    "abliteration aiand aihubmix anyscale baseten bigmodel cerebras cognition coralbricks crusoe darkbloom databricks "
    "deepinfra fal_ai friendliai gigachat github github_copilot gmi gradient_ai hostinger_router hyperbolic "
    "inferenceapis kyma lemonade libertai litellm_proxy llamafile llamagate lm_studio microsoft_365_copilot morph "
    "nebius novita nscale oci opencode_go openinfer openrouter ovhcloud palm pinstripes prism publicai refuseless "
    "replicate sail sambanova sarvam scaledown scaleway scx_ai snowflake streamlake tensormesh v0 volcengine wandb "
    "xiaomi_mimo zerogpu"
)
PROVIDERS: dict[str, str] = {
    spelling: provider for provider, spellings in _WRITTEN_AS.items() for spelling in spellings.split()
} | {provider: provider for provider in _WRITTEN_AS_THEMSELVES.split()}
"""Spelling of a provider, with underscores for hyphens → the provider. Newer names of OpenTelemetry, older ones of its
`gen_ai.system`, and the prefixes of LiteLLM (https://docs.litellm.ai/docs/providers) and OpenRouter."""

_ORGANISATIONS = (
    "01-ai ai21labs aisingapore alibaba-nlp allenai arcee-ai baai baichuan baidu bigscience bytedance codellama "
    "cognitivecomputations core42 deepseek-ai google gryphe huggingfaceh4 ibm ibm-granite inception inclusionai "
    "intfloat jondurbin lmsys meetkai meta meta-llama meta-models microsoft minimaxai mistral mistralai moonshotai "
    "nexusflow nousresearch nvidia openchat openrouter qwen reflection salesforce sao10k sdaia sentence-transformers "
    "snowflake stepfun-ai tencent thebloke thinkingmachines thudm tiiuae undi95 upstage xiaomimimo z-ai zai-org "
    "zero-one-ai"
)
ORGANISATIONS = frozenset(_ORGANISATIONS.split())
"""Makers as they stand before a model's name on Hugging Face and OpenRouter: who made it, not who served it."""

_ROUTING = "models routers eu us us-gov apac global global-standard converse converse_like invoke claude_platform"
ROUTING = frozenset(_ROUTING.split())
"""Words between a provider and a model that say where or how the call went. Cloud regions too: `REGION`."""

REGION = re.compile(r"[a-z]{2}(?:-[a-z]+){1,2}-\d")

BEDROCK = re.compile(
    r"(?:(?:us-gov|us|eu|apac|global|au|jp|ca|in|sa|me|il|regional)\.)?"
    r"(?:ai21|amazon|anthropic|cohere|deepseek|google|luma|meta|minimax|mistral|moonshot|moonshotai|nvidia|openai|qwen"
    r"|stability|twelvelabs|writer|xai|zai)\.(?=.)"
)
"""How Amazon begins a model id (https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html)."""

MAKERS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), provider)
    for pattern, provider in (
        # Open weights come first: the maker of these does not serve them under this name.
        (r"gpt-oss|deepseek-r1-distill|gemma", UNKNOWN),
        (r"claude", "anthropic"),
        (r"text-embedding-0", "gcp.gemini"),
        (
            r"(?:ft:)?(?:gpt|chatgpt|o[134]|text-embedding|davinci|babbage|whisper|tts-1|codex|computer-use)(?=-|$)",
            "openai",
        ),
        (r"gemini", "gcp.gemini"),
        (r"(?:mis|code|dev|magis|minis|pix|vox)tral|mixtral", "mistral_ai"),
        (r"grok", "x_ai"),
        (r"deepseek", "deepseek"),
        (r"command|c4ai|embed-|rerank-", "cohere"),
        (r"sonar|pplx", "perplexity"),
        (r"kimi|moonshot", "moonshot"),
        (r"glm", "zai"),
        (r"minimax-m", "minimax"),
        (r"voyage", "voyage"),
        (r"jamba", "ai21"),
        (r"(?:nova|titan)-", "aws.bedrock"),
    )
)
"""How a canonical name begins → who serves it to those who do not say otherwise; the first that fits counts."""

SETTLED: dict[str, str] = {
    # Dated releases that keep their date: their maker charges another price for them, or they are another model.
    # https://platform.openai.com/docs/models/gpt-4o · https://platform.openai.com/docs/models/gpt-3.5-turbo
    "gpt-4o-2024-05-13": "gpt-4o-2024-05-13",
    "gpt-3.5-turbo-0301": "gpt-3.5-turbo-0301",
    "gpt-3.5-turbo-0613": "gpt-3.5-turbo-0613",
    "gpt-3.5-turbo-1106": "gpt-3.5-turbo-1106",
    "gpt-3.5-turbo-16k-0613": "gpt-3.5-turbo-16k",
    "gpt-4-0125-preview": "gpt-4-turbo-preview",
    "gpt-4-1106-preview": "gpt-4-turbo-preview",
    "gpt-4-1106-vision-preview": "gpt-4-vision-preview",
    "gemini-2.5-flash-preview-04-17": "gemini-2.5-flash-preview",
    "gemini-2.5-flash-preview-05-20": "gemini-2.5-flash-preview",
    "deepseek-v4-flash-20260731": "deepseek-v4-flash-0731",
    "deepseek-v4-pro-20260813": "deepseek-v4-pro-0813",
    # Previews that became the model of that name, at the same price.
    "gemini-2.5-pro-preview": "gemini-2.5-pro",
    "gemini-2.5-flash-lite-preview": "gemini-2.5-flash-lite",
    # Names in which "latest" is all the name there is, or moves from one generation to the next.
    "gemini-pro-latest": "gemini-pro-latest",
    "gemini-flash-latest": "gemini-flash-latest",
    "gemini-flash-lite-latest": "gemini-flash-lite-latest",
    "chatgpt-4o-latest": "chatgpt-4o-latest",
    "chat-latest": "chat-latest",
    "gpt-chat-latest": "gpt-chat-latest",
    "kimi-latest": "kimi-latest",
    # Aliases of one release.
    "gemini-pro": "gemini-1.0-pro",
    "gemini-pro-vision": "gemini-1.0-pro-vision",
    "mistral-nemo-2407": "mistral-nemo",
    "mistral-nemo-instruct-2407": "mistral-nemo",
    "claude-2.0": "claude-2",
}
"""Names that the rules below would get wrong → what they are."""

_MAKERS_IN_FRONT = "fw|anthropic|cohere|meta|moonshotai|nvidia|openai|snowflake|zai"
_FAMILIES_BEHIND = r"claude|command|deepseek|glm|gpt|inkling|kimi|llama|minimax|nemotron|o\d"

REWRITES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # What a router, a cloud, or a tool hangs on the end.
        (r"\[\d+[km]\]$", ""),  # claude-sonnet-4-5[1m]: the size of the context window
        (r"/community$", ""),
        (r"@(?:default|00\d)$", ""),  # Vertex AI
        (r"(?<=\d{4})-00\d$", ""),  # Vertex AI: mistral-large@2411-001
        (r"@", "-"),  # claude-sonnet-4@20250514
        (r":\d+k$", ""),  # Bedrock, provisioned: …-v1:0:200k
        (r"-v0:(\d)$", r"-v0.\1"),  # mistral-7b-instruct-v0:2
        (r"^claude-(instant-)?v(\d)[:.](\d)(?=-|$)", r"claude-\1\2.\3"),  # Bedrock: claude-v2:1
        (r"^claude-(instant-)?v(\d)(?=-|$)", r"claude-\1\2"),
        (r"^((?:titan|nemotron).*-v\d):\d$", r"\1"),  # here the version belongs to the name
        (r"(?:-v\d+|-1)?:\d$", ""),  # Bedrock: -v1:0
        (r":(?:free|beta|nitro|floor|exacto|extended|thinking|online|latest)$", ""),  # OpenRouter's variants
        (r":(\d[\w.]*b)-cloud$", r"-\1"),  # Ollama: gpt-oss:120b-cloud
        (r":", "-"),  # Ollama's tags are sizes, so other models: llama3:70b
        (r"(?:-maas|-hf)$", ""),
        (r"-20\d\d-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])$", ""),
        (r"^((?:doubao|glm|deepseek|kimi)-.+)-2\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$", r"\1"),  # Volcengine
        (r"(?:-latest)+$", ""),
        (r"(?<=\d)p(?=\d)", "."),  # Fireworks: deepseek-v3p2
        (r"(?<=-\d)_(?=\d)", "."),  # Nebius: llama-3_1-…
        # Makers in front, joined by a hyphen.
        (r"^databricks-(?=.)", ""),
        (rf"^(?:{_MAKERS_IN_FRONT})-(?={_FAMILIES_BEHIND})", ""),
        (r"^gemini-(?=gemma)", ""),
        # OpenAI: versions with a dot; month and day only where it used them.
        (r"^gpt(?=\d)", "gpt-"),
        (r"^gpt-35(?=-|$)", "gpt-3.5"),
        (r"^gpt-(\d)-(\d)(?=-|$)", r"gpt-\1.\2"),
        (r"^(gpt-(?:3\.5|4)(?:-\w+)*?)-(?:0125|0301|0314|0613|0914|1106)$", r"\1"),
        # Anthropic: its own order, claude-3-5-sonnet before generation 4 and claude-sonnet-4-5 since.
        (r"^(claude-(?=\D*\d).+)-v\d+$", r"\1"),  # Vertex and Bedrock: claude-3-5-sonnet-v2, claude-opus-4-6-v1
        (r"^claude-3[.-](\d)-(?=[a-z])", r"claude-3-\1-"),
        (r"^claude-(opus|sonnet|haiku)-3[.-](\d)(?=-|$)", r"claude-3-\2-\1"),
        (r"^claude-(opus|sonnet|haiku)-3(?=-|$)", r"claude-3-\1"),
        (r"^claude-([4-9]|\d\d)[.-](\d{1,2})-([a-z]+)(?=-|$)", r"claude-\3-\1-\2"),
        (r"^claude-([4-9]|\d\d)-([a-z]+)(?=-|$)", r"claude-\2-\1"),
        (r"^claude-(?!instant)([a-z]+)-(\d{1,2})\.(\d{1,2})(?=-|$)", r"claude-\1-\2-\3"),
        (r"^(claude-(?!instant)[a-z]+-\d{1,2})-0(?=-|$)", r"\1"),
        # Google: a dated preview and an experiment are releases of the model they preview.
        (r"^gemini-(\d)-(\d)(?=-|$)", r"gemini-\1.\2"),
        (r"^gemini-(pro|flash)-(\d\.\d)(?=-|$)", r"gemini-\2-\1"),
        (r"^(gemini-\d.*?)-(?:exp|preview)-(?:\d\d-\d\d(?:\d\d)?|\d{4})$", r"\1"),
        (r"^(gemini-\d.+)-exp$", r"\1"),
        (r"^(gemini-\d.+)-00\d$", r"\1"),
        # xAI: versions with a dot, no month and day, no beta.
        (r"^(grok-\d+)-(\d{1,2})(?=-|$)", r"\1.\2"),
        (r"^(grok-.*?\d.*?)-(?:experimental-)?beta(?=-|$)", r"\1"),
        (r"^(grok-.*?\d.*?)-(?:0\d|1[0-2])[0-3]\d(?=-|$)", r"\1"),
        (r"^(grok-.+?)-latest(?=-)", r"\1"),
        # Everybody else: one spelling of a version.
        (r"^llama-?v?(\d)[.-](\d)(?=-|$)", r"llama-\1.\2"),
        (r"^llama-?v?(\d)(?=-|$)", r"llama-\1"),
        (r"^qwen-(\d(?:\.\d)?)(?=-|$)", r"qwen\1"),
        (r"^qwen([23])5(?=-)", r"qwen\1.5"),
        (r"^((?:deepseek-v|glm-|granite-|jamba-|kimi-k|mistral-(?:large|medium|small)-)\d)-(\d)(?=-|$)", r"\1.\2"),
        (r"^(mistral-(?:large|medium|small)-\d)\.0(?=-|$)", r"\1"),
        (r"^open-(?=mistral|mixtral|codestral)", ""),
        (r"^deepseek(?:_|-chat-)(?=v\d)", "deepseek-"),
        (r"^(command-(?:a|r7b)(?:-[a-z]+)*?)-(?:0[1-9]|1[0-2])-20\d\d$", r"\1"),
        (r"^(nova-.+)-v\d$", r"\1"),
    )
)
"""From the first to the last, and again until nothing changes. Month and day (`-0324`, `-0905`) and year and month
(`-2407`) stay elsewhere: DeepSeek, Moonshot, Mistral and Qwen give them to models that are not the same."""
