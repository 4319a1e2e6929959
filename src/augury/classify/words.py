"""The words that tell kinds of work apart, by what they are signs of.

Plain data: a group is the name of a signal, its words stand in any inflection people type, English first, then German, Spanish,
French, Italian, and Portuguese. Words that mean something else in another of these languages are left out. What a signal weighs is
in `augury.classify.signals`.
"""

from __future__ import annotations


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


VERBS: dict[str, str] = {
    # What a sentence asks for, when it opens with it; much weaker in its middle.
    "make": """
        write create make generate compose draft design produce prepare craft propose
        schreibe schreib schreiben erstelle erstell erstellen verfasse verfassen entwirf entwerfe mach
        escribe escribir escríbeme crea crear haz redacta redactar genera generar elabora
        écris écrire rédige rédiger crée créer génère générer compose fais
        scrivi scrivere crea creare genera componi escreva escrever crie criar gere faça""",
    "hand": "give provide output show list gib zeig nenne dame dime muestra donne montre liste dammi mostra dê",
    "program": """
        implement code refactor debug compile deploy fix build develop port optimize optimise install configure migrate parse
        implementiere implementieren programmiere programmieren repariere behebe entwickle
        implementa implementar programa programar desarrolla corrige depura optimiza
        implémente implémenter programme code développe corrige débogue optimise
        implementa sviluppa correggi implemente desenvolva corrija""",
    "invent": """
        imagine pretend invent brainstorm roleplay dream continue narrate improvise dichte dichten erfinde erfinden reime
        inventa inventar imagina invente inventer imaginez racconta conte""",
    "reword": """
        rewrite rephrase paraphrase reword polish shorten edit proofread improve umformulieren formuliere formulieren formulier reescribe reformule reformuler
        réécris riscrivi reescreva""",
    "tell": "tell say sing describe narrate erzähle erzähl cuenta cuéntame raconte racontez racontare conte",
    "judge": """
        analyze analyse compare contrast evaluate assess critique examine interpret rank classify categorize categorise critically
        investigate appraise review discuss diagnose benchmark prioritize prioritise weigh forecast audit
        analysiere analysieren vergleiche vergleichen bewerte bewerten beurteile beurteilen untersuche werte diskutiere
        analiza analizar compara comparar evalúa evaluar valora examina clasifica interpreta
        analysez compare comparer comparez évalue évaluer évaluez examine interprète
        analizza confronta valuta esamina analise avalie compara""",
    "condense": """
        summarize summarise extract transcribe ocr condense digest annotate redact transcription tldr tl
        zusammenfassen fasse extrahiere extrahieren transkribiere
        resume resumir resúmeme extrae extraer transcribe transcribir
        résume résumer résumez extrais extraire extrayez transcris
        riassumi estrai trascrivi resuma extraia transcreva""",
    "inspect": """
        read parse scan check find list convert answer identify detect highlight go pull lies lesen prüfe suche lee leer revisa
        lis lire vérifie leggi leia""",
    "solve": """
        solve prove calculate compute derive simplify integrate differentiate factor deduce infer estimate determine show verify expand
        löse lösen berechne berechnen beweise beweisen zeige bestimme schätze
        resuelve resolver calcula calcular demuestra demostrar deduce estima
        résous résoudre calcule calculer démontre démontrer prouve déduis détermine
        risolvi calcola dimostra resolva calcule demonstre prove""",
    "seek": "find evaluate express suppose let assume given consider finde encuentra trouve trova",
    "explain": """
        explain teach clarify define name mention recommend suggest translate advise
        erkläre erklär erklären nenne empfiehl übersetze explica explícame explicar traduce recomienda
        explique expliquer traduis traduire spiega traduci explica traduza""",
}

NOUNS: dict[str, str] = {
    "code": """
        function functions method methods regex regexp algorithm algorithms api apis endpoint endpoints backend frontend sql snippet
        codebase compiler runtime debugger variable variables array arrays tuple tuples dictionary dictionaries dict hashmap
        boolean constructor subclass interface exception exceptions stacktrace traceback nullpointerexception keyerror typeerror
        syntaxerror segfault module package repository repo commit commits branch rebase merge diff pull unittest unittests
        middleware webhook oauth jwt async await callback recursion recursive pointer pointers struct enum macro macros cron
        dockerfile makefile yaml schema migration orm cli stdin stdout localhost deployment container containers pod pods
        cluster microservice websocket cors dom selector stylesheet component components hook hooks
        software programming program programs code coding script scripts plugin database databases
        parser lexer linter pipeline workflow terminal shell command config
        app apps website websites server servers bot gui ui shader shaders kernel driver drivers extension library libraries framework
        frameworks router firewall interface neural llm embeddings encoder decoder dropdown button widget toolbar textbox thread threads
        signal socket byte bytes buffer stream packet packets query queries parameter parameters argument arguments permissions
        login token tokens notebook template simulation simulate scrape fuzzer bug bugs crash linked
        funktion quellcode quelltext datenbank skript programm schnittstelle klasse programmierung
        función código programa algoritmo arreglo fonction tableau algorithme funzione codice algoritmo função
        div flexbox navbar sidebar tooltip scrollbar popup modal iframe checkbox var const undefined nullptr null stderr refactoring linker subprocess cli regexes unittesting
        programmer programmers developers error errors fehlermeldung funktionen consultas bucle requête boucle tableaux""",
    "tech": """
        python javascript typescript java kotlin swift rust golang ruby php perl scala haskell ocaml elixir erlang clojure fortran
        cobol matlab octave verilog vhdl assembly nasm x86 cpp csharp dotnet vba powershell bash zsh awk sed grep linux ubuntu debian
        nix html css scss tailwind bootstrap react nextjs vue nuxt angular svelte jquery node nodejs express npm yarn webpack vite
        deno flask django fastapi rails laravel filament spring hibernate maven gradle flutter dart android xcode unity unreal godot
        opengl vulkan hlsl glsl cuda numpy pandas matplotlib seaborn sklearn scikit pytorch tensorflow keras gensim pytest junit
        jest selenium playwright cypress cucumber gherkin docker kubernetes kubectl helm terraform ansible jenkins github gitlab git
        aws azure gcp lambda s3 nginx apache redis kafka rabbitmq postgres postgresql mysql sqlite mongodb mongoose elasticsearch
        graphql grpc json xml toml csv excel odoo salesforce wordpress shopify ffmpeg arduino raspberry esp32 stm32 ssh tailscale
        jax pyqt pyside gui xaml autolisp autocad sap drupal databricks ssms promql datalog solidity roblox lua discord npcap vb
        visual livescript cocotb testbench jinja jq excel sheets spreadsheet macos windows android ios huggingface llvm cmake gcc clang
        boto3 streamlit tkinter scipy numba polars geopandas tidyr shiny sparql cypher regex scheme lisp prolog julia pascal delphi
        vim emacs vscode jupyter latex ggplot ggplot2 dplyr tidyverse spark pyspark airflow dbt snowflake svg canvas webgl iptables
        ipv4 ipv6 tcp udp http https prisma sqlalchemy langchain llamaindex huggingface opencv""",
    "fiction": """
        story stories tale fairytale poem poems poetry haiku limerick sonnet ballad verse rhyme rhymes lyrics song rap joke jokes pun
        monologue soliloquy dialogue novel fanfic fanfiction screenplay scene plot chapter character characters protagonist villain
        slogan slogans tagline taglines motto jingle riddle skit sketch fantasy narrative worldbuilding lore melody chord chords rpg dungeon dialog
        gedicht geschichte märchen witz roman lied liedtext spruch werbespruch erzählung reim
        cuento poema historia canción chiste eslogan lema relato guion novela versos
        poème histoire conte chanson blague nouvelle récit slogan
        storia poesia racconto canzone barzelletta conto poema piada história
        thriller scifi legend legends fable fables myth parody bedtime legende sage fabel leyenda fábula légende fable leggenda""",
    "prose": """
        email mail letter post tweet blog article essay speech toast caption newsletter headline headlines bio biography script
        announcement invitation memo testimonial obituary eulogy press ad advert advertisement copy description cover resignation
        apology linkedin instagram facebook youtube video podcast names titles quotes quote menu prompt proposal outline curriculum ideas specification
        brief anschreiben brieftext einladung rede beitrag absage artikel bewerbung produktbeschreibung
        carta correo artículo discurso publicación ensayo anuncio invitación
        lettre courriel discours annonce message article publication
        lettera articolo discorso carta artigo discurso
        wish wishes greeting greetings card paragraph tweets emails letters nachricht gruß glückwunsch mensaje felicitación""",
    "weighing": """
        pros cons advantages disadvantages advantage disadvantage benefits drawbacks strengths weaknesses implications implication impact
        impacts trend trends swot tradeoffs tradeoff comparison risks risk causes effects effect consequences factors metrics kpi
        correlation significance significant insights insight sentiment competitive landscape feasibility ethical critical themes
        theme evaluation assessment analysis outlier outliers churn retention uplift strategy strategic evidence versus
        argument arguments
        vorteile nachteile auswirkungen vergleich ursachen risiken folgen chancen analyse bewertung
        ventajas desventajas impacto análisis riesgos causas consecuencias tendencia tendencias
        avantages inconvénients conséquences risques enjeux tendances
        vantaggi svantaggi impatto rischi vantagens desvantagens
        vs effets efectos effetti efeitos nachteil vorteil""",
    "data": """
        data dataset results figures statistics survey quarter quarterly revenue sales conversions conversion customers orders
        table columns rows metrics numbers report daten ergebnisse umsatz zahlen datos resultados ventas données résultats ventes dati
        traffic signup signups dropped declined fell spiked doubled kpis""",
    "maths": """
        integer integers equation equations polynomial polynomials triangle triangles probability theorem derivative integral matrix
        matrices vector vectors eigenvalue eigenvalues modulo prime primes factorial logarithm cosine sine tangent radius diameter
        perimeter circumference hypotenuse parallelogram quadrilateral polygon quadratic divisor divisors divisible multiple remainder
        digits digit fraction numerator denominator square squared cube roots root coefficient coefficients sequence arithmetic
        geometric inequality induction irrational rational permutations combinations angle angles degrees units area volume
        sum average median mean percent percentage ratio total altogether twice half
        gleichung wahrscheinlichkeit dreieck wurzel irrational primzahl summe
        ecuación probabilidad triángulo raíz suma équation probabilité triangle racine somme equazione equação
        rectangle rectangles circle circles sphere cylinder cone sqrt gcd lcm lim modulus logarithms summation
        rechteck umfang fläche flächeninhalt kreis durchmesser winkel prozent wahrscheinlich würfel kugel ziffer teiler bruch quadrat
        rectángulo perímetro área círculo porcentaje ángulo cuadrado dígitos fracción
        périmètre aire cercle rayon pourcentage carré chiffres rettangolo cerchio perimetro""",
    "logic": """
        puzzle riddle puzzles riddles clue clues logic logical logically valid premise premises syllogism paradox deduction liar knights
        knaves knight knave truth lies lie lying taller shorter older younger heavier lighter switches weighings rätsel logik
        acertijo lógica énigme logique enigma reasoning assumptions""",
    "counting": """
        each per every dozen twice half times more less fewer than total remaining left altogether pounds kilograms hours minutes
        miles cents dollars euros pack packs bought sold gave gives earns earned costs cost spends spent pays paid shared
        marbles apples box boxes hour minute week weeks days day km kilometers meters feet inches
        stunden euro tage minuten horas días horas heures jours minutes ore giorni
        litre litres liter liters gallon gallons cm mm kg gram grams mph kmh metre metres yards jug jugs coin coins dice
        litros metros litri metri kilo kilos pfund meter""",
    "profession": """
        expert developer engineer scientist advisor consultant analyst programmer specialist officer accountant lawyer doctor teacher
        coach tutor assistant professional experienced experte entwickler experto expert spécialiste""",
    "quantity": """
        two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty hundred thousand million
        half third quarter dozen twice double triple zwei drei vier fünf sechs sieben acht neun zehn doppelt halb
        dos tres cuatro cinco seis siete ocho nueve diez doble mitad deux trois quatre cinq sept huit neuf dix moitié""",
    "entailing": """
        all some none every therefore hence thus implies neither nor either alle einige keine todos algunos ninguno tous certains aucun""",
    "document": """
        document documents transcript transcripts pdf docx xlsx pptx spreadsheet spreadsheets invoice invoices receipt receipts
        contract contracts agreement paperwork scan scans recording recordings minutes thesis whitepaper manuscript policy policies
        ocr dokument dokumente datei dateien protokoll vertrag rechnung tabelle documento archivo contrato factura informe
        fichier fichiers documents contrat facture rapport allegato documento arquivo""",
    "handed": """
        attached attachment attachments uploaded upload enclosed angehängte angehängten angehängt anhang beigefügte beigefügten
        hochgeladene hochgeladenen adjunto adjunta adjuntos subido joint jointe jointes allegato allegata anexo anexado""",
    "chatter": """
        hi hey hello hallo hola salut bonjour ciao olá thanks thank danke gracias merci grazie obrigado lol haha ok okay yes yeah bye
        morning evening night welcome cheers sorry cool nice wow hmm""",
    "person": """
        my i'm i've i'd myself feeling feel friend boyfriend girlfriend wife husband mom dad tips advice recommend favorite favourite
        mein meine meinem mi mis mon mes ma mio mia""",
    "who": """
        who whom whose when where wer wann wo quién quiénes cuándo dónde quand où qui chi dove quando quem onde""",
    "how_many": "cuánto cuánta cuántos cuántas combien quanto quanta quanti quante quantos quantas wieviel wieviele",
    "condition": "if suppose wenn falls angenommen si supongamos supposons",
    "constraint": """
        must should shall ensure exactly only without avoid include including require requires required requirement requirements
        constraint constraints least most maximum minimum max limit between within format except never always each every muss müssen
        genau ohne mindestens höchstens debe deben sin exactamente máximo mínimo doit doivent sans exactement minimum""",
    "depth": """
        prove proof derive rigorous rigorously comprehensive detailed thorough thoroughly architecture distributed concurrent concurrency
        scalable optimize optimise optimal optimization tradeoffs tradeoff complexity asymptotic theorem nuanced
        critically implications multithreaded realtime secure encryption parallel simulation simulate
        dynamic strategy evaluate proofs beweise beweis ausführlich detailliert demuestra detallado démontre détaillé""",
}

LANGUAGES: dict[str, str] = {
    # The smallest words betray a language.
    "en": "would had if the is of and to in that it for with you are what how this on be",
    "de": "der die das und ist ein eine nicht mit für ich auf den von wie zu im kann dass",
    "es": "el los las una y en es por con para qué cómo del como se más",
    "fr": "le les une et est des pour dans que du ce quel quelle je avec sur",
    "it": "il gli della che è di per una sono nel con come alla",
    "pt": "os das uma não para com do da em é são como no na",
    "nl": "het een van en niet ik dat zijn voor met hoe",
}

COURTESIES = _set("""
    please can could would will you i we need want you'd i'd like to hey hi hello help me us kindly let lets let's now then also just
    first second third next finally and so ok okay try a an the some do my your task is
    bitte kannst könntest können sie du mir ich möchte brauche einen eine ein mal
    por favor puedes podrías puede quiero necesito un una me tu
    s'il te vous plaît peux pouvez pourriez je veux voudrais
    per favore puoi potresti vorrei voglio você pode
""")
"""What a request is wrapped in: skipped when looking for the word it opens with."""

ASKING = _set("""
    what what's whats which is are was were do does did has have why how should may am if
    was welche welcher welches warum wieso wie ist sind hat gibt
    qué cuál cuáles cómo cuántos cuántas hay por
    quel quelle quels quelles pourquoi comment est combien
    quale quali perché come quanto qual quais
""")
"""What a question opens with, beside the words for persons, places, and times."""

FACTUAL = _set("what what's which is are was were did does quel quelle cuál qué welche welcher quale qual")
"""With these, and with the words for persons, places, and times, a question for a fact opens."""

PLACING = _set("in on at to from for by with of under after during within")
"""A question word may follow these."""

PAIRS: dict[str, str] = {
    # Two words that say together what neither says alone, joined by a space.
    "depth": "in depth|in detail|trade offs|trade off|thread safe|production ready|multi step|edge cases|edge case|real time",
    "supposing": "what if|was wäre|qué pasaría|et si",
    "how_many": "how many|how much|how long|how far|how old|how tall|wie viele|wie lange|wie viel|cuántos días|combien de|quanti sono|how fast|how big|how heavy|how few|how deep|how wide|how high|how tall|wie groß|wie hoch|wie weit|wie alt|wie schwer|wie schnell",
    "stepwise": """step by|by step|show each|each step|show your|your reasoning|walk me|my reasoning|reasoning step|schritt für|paso a|
        étape par|chaque étape""",
    "guide": "step guide|step instructions|step plan|step tutorial|step guidance|step explanation|schritt anleitung",
    "in_role": """act as|as a|as an|if you|pretend you're|you were|pretend to|the role|role play|in character|you're a|you are|stell dir|imagina que|imagine que""",
    "would_you": "would you|you were|imagine you|pretend you|pretend you're|pretend to|in character|your crew|you say",
    "write_me": "come up|write me|tell me|give me|i need|i want|help me",
    "weigh_up": """pros and|and cons|swot analysis|risk assessment|gap analysis|cost benefit|critical review|critical analysis|strengths and|compare the|comparison of|difference between|differences between|compared to|better than|vor und|vorteile und|relate to|how did|root cause|main causes|impact of|impact on|implications of|and why|
        effect of|effects of|key themes|which one|contribute to|affect the|
        should we|most sense|more sense|better option|better choice|worth it|went wrong|business model|market size|to market|anything unusual""",
    "a_fact": "who was|who is|what is|what's the|when did|when was|where is|where did|in which|name the|the name|is it|what does|do i",
    "inferring": """why might|why would|you determine|you assess|you tell|signs that|clues that|suggest that|
        does it|it follows|follow from|conclude that|you know""",
    "comparing": """taller than|shorter than|older than|younger than|left of|right of|heavier than|next to|faster than|before the|
        if all|all are|if and|more than|times as|as many|twice as|are all|some are|years older|always tell|always lie|comes next|
        who owns|owns what|not own|balance scale|odd one|day after|days before|days after|no more|who lies""",
    "about_math": """value of|sum of|product of|number of|solve for|area of|length of|probability of|probability that|chosen at|such that|
        at random|in terms|positive integer|real numbers|equal to|of x|common divisor|comes next|less than|greater than""",
    "code_phrase": """a function|data structure|source code|unit test|unit tests|command line|pull request|web app|todo app|html file|
        vba macro|stack trace|error message|to code|rest endpoint|sql query|binary search|linked list|my code|this code|the code|dieser code|
        mein code|mi código|ce code|mon code|code snippet|write code|in c|in r|in js|in go|code for|code to|code in|the class|a class|git commit|bash script|python script|an app|a website|
        a bot|a game|a script|the compiler|dynamic programming|design pattern|an api|
        una consulta|the error|this error|an error|error in|error when|throws an|not compile|einen fehler""",
    "doc_phrase": """the attached|attached file|this file|the file|uploaded file|i uploaded|this pdf|the pdf|the document|document below|
        following document|following transcript|transcript of|this transcript|following agreement|following contract|following text|
        the transcript|call recording|this receipt|this invoice|beigefügten datei|angehängte datei|fichier joint|documento adjunto|
        archivo adjunto|this document|these files|der datei|le fichier|el archivo|meeting notes|action items|article below|text below|
        following article|this report|the report|text extracted|invoice ocr""",
    "polish": """sound more|more professional|more formal|more concise|more polite|more friendly|less formal|my grammar|the grammar|
        better english|sound better|sound professional|más formal|plus formel|plus poli""",
    "invented": """name for|names for|ideas for|title for|titles for|slogan for|caption for|message for|toast for|card for|make up|roast me|
        roast my|name für|namen für|nombre para|nombres para|nom pour|noms pour""",
    "media_script": "video script|movie script|script for|film script|animation script|play script|youtube video|youtube script",
}

ANYWHERE: dict[str, str] = {
    # Scripts without spaces between words, and stems of a language rich in endings: looked up as parts of the text, `|` between them.
    "code": (
        "数据库|脚本|接口|报错|线程|变量|数组|组件|正则|爬虫|单元测试|设计模式|编译|调试|スクリプト|データベース|配列|正規表現|스크립트|"
        "데이터베이스|배열|ошибк|баз данн|代码|函数|编程|程序|算法|コード|関数|プログラム|코드|함수|프로그램|функци|код |"
        "скрипт|программ"
    ),
    "fiction": "诗歌|笑话|剧本|口号|传说|分镜|故事|诗|小说|歌词|物語|詩|俳句|小説|이야기|시를|стих|рассказ|сказк|историю про",
    "prose": "作文|演讲|文案|祝福|一封信|手紙|邮件|文章|メール|이메일|письмо|статью",
    "make": "写一|请写|创作|書いて|作って|작성|써줘|напиши|создай|придумай|сочини",
    "judge": "分析|比较|评估|比較|評価|분석|비교|проанализируй|сравни|оцени",
    "weighing": "优势|劣势|风险|趋势|优缺点|利弊|メリット|장단점|преимуществ|недостатк|影响",
    "solve": "计算|证明|求解|解方程|計算して|証明|계산|증명|вычисли|докажи|реши |посчитай",
    "maths": "方程|概率|三角形|確率|방정식|확률|уравнени|вероятност",
    "how_many": "几段|几天|几次|几人|几只|几种|几岁|多长|多大|多久|何人|何分|多少|几个|いくつ|何個|몇 |сколько",
    "quantity": "两|三|四|五|六|七|八|九|分之|一半|倍|半分|절반|половин",
    "explain": "翻译|解释|介绍一下|翻訳|教えて|번역|설명|перевед|объясни",
    "condense": "总结|摘要|提取|要約|抽出|요약|추출|резюмируй|извлеки|кратко изложи",
    "handed": "附件|上传|添付|첨부|приложенн|прикрепл",
    "document": "报告|发票|简历|レポート|보고서|文档|文件|合同|会议记录|書類|議事録|문서|회의록|документ|файл|договор",
    "chatter": "你好|谢谢|こんにちは|ありがとう|안녕|감사|привет|спасибо",
}
