/** `<model-feedback>`: a thumb up and a thumb down for a message. See docs/feedback.md. */
import { LOOK, thumb } from "./look";
import { type News, Queue, type Rating, type Target } from "./queue";

const ROUTE = "/api/analytics/models/feedback";

/** What is said, and by which attribute a page says it in its own words. */
const WORDS = {
  label: "Rate this answer",
  "label-up": "Good answer",
  "label-down": "Bad answer",
  "label-saved": "Rating saved",
  "label-undone": "Rating taken back",
  "label-waiting": "Not saved yet; trying again",
  "label-failed": "The rating could not be saved",
} as const;
type Word = keyof typeof WORDS;

/** Where ratings go: an address without a path is a server's, one with a path is taken as it is. Null where it is none. */
export function addressOf(endpoint: string | null, page: string): string | null {
  try {
    const url = new URL(endpoint?.trim() || "/", page);
    if (url.protocol !== "https:" && url.protocol !== "http:") return null;
    if (url.pathname === "/") url.pathname = ROUTE;
    url.hash = url.username = url.password = "";
    return url.href;
  } catch {
    return null;
  }
}

/** Make the element known, once; where there are no elements, as on a server, nothing. */
export function define(): void {
  if (typeof customElements === "undefined" || customElements.get("model-feedback")) return;
  const queue = new Queue();
  let sheet: CSSStyleSheet | null = null;

  class ModelFeedback extends HTMLElement {
    static readonly observedAttributes = ["conversation-id", "message-id", "endpoint", "feedback-key", "rating", ...Object.keys(WORDS)];

    #rating: Rating = 0;
    #saved: Rating = 0;
    #target: Target | null = null;
    #stop: (() => void) | null = null;
    #news: "" | "waiting" | "failed" = "";
    #due = false;
    readonly #group = document.createElement("div");
    readonly #up = this.#button(1);
    readonly #down = this.#button(-1);
    readonly #status = document.createElement("span");

    constructor() {
      super();
      const root = this.attachShadow({ mode: "open" });
      this.#group.setAttribute("part", "group");
      this.#group.setAttribute("role", "group");
      this.#status.setAttribute("part", "status");
      this.#status.setAttribute("role", "status");
      this.#group.append(this.#up, this.#down, this.#status);
      try {
        if (!sheet) {
          sheet = new CSSStyleSheet();
          sheet.replaceSync(LOOK);
        }
        root.adoptedStyleSheets = [sheet];
      } catch {
        const style = document.createElement("style"); // browsers from before 2023
        style.textContent = LOOK;
        root.append(style);
      }
      root.append(this.#group);
    }

    /** 1 is a thumb up, -1 a thumb down, 0 neither: what is shown, which the server may not have yet. */
    get rating(): Rating {
      return this.#rating;
    }

    /** Show a rating that is known already; nothing is sent. */
    set rating(value: Rating) {
      this.setAttribute("rating", String(value));
    }

    connectedCallback(): void {
      this.#begin();
    }

    disconnectedCallback(): void {
      this.#stop?.();
      this.#stop = this.#target = null;
    }

    attributeChangedCallback(name: string, before: string | null, after: string | null): void {
      if (before === after || !this.isConnected) return;
      if (name === "rating") this.#show(given(after), "");
      else if (name in WORDS) this.#draw();
      else if (!this.#due) {
        this.#due = true; // attributes are set one by one: what they mean together is known when all are
        queueMicrotask(() => {
          this.#due = false;
          if (this.isConnected) this.#begin();
        });
      }
    }

    #begin(): void {
      this.#stop?.();
      const address = addressOf(this.getAttribute("endpoint"), document.baseURI);
      const [messageId, conversationId] = [this.#id("message-id"), this.#id("conversation-id")];
      const known = this.#target;
      this.#target = address && (messageId || conversationId) ? { address, messageId, conversationId } : null;
      this.#stop = null;
      const same = known && this.#target && JSON.stringify(known) === JSON.stringify(this.#target);
      if (!same) {
        this.#saved = given(this.getAttribute("rating"));
        this.#rating = (this.#target && queue.pending(this.#target)) ?? this.#saved;
        this.#news = "";
        this.#status.textContent = "";
      }
      if (this.#target) this.#stop = queue.follow(this.#target, this.getAttribute("feedback-key")?.trim() || null, (news) => this.#hear(news));
      this.#draw();
    }

    #id(attribute: string): string | null {
      return this.getAttribute(attribute)?.trim() || null;
    }

    #press(value: Rating): void {
      if (!this.#target) return;
      const rating = this.#rating === value ? 0 : value;
      this.#rating = rating;
      this.#news = "";
      this.#status.textContent = "";
      this.#draw();
      queue.put(this.#target, rating);
    }

    #hear(news: News): void {
      if (news.kind === "waiting") {
        this.#rating = news.rating;
        this.#news = "waiting";
        this.#status.textContent = this.#word("label-waiting");
      } else if (news.kind === "saved") {
        this.#show(news.rating, this.#word(news.rating ? "label-saved" : "label-undone"));
        this.#dispatch("feedback-submitted", { rating: news.rating, callId: news.callId });
      } else {
        this.#rating = this.#saved;
        this.#news = "failed";
        this.#status.textContent = this.#word("label-failed");
        this.#dispatch("feedback-failed", { rating: news.rating, reason: news.why });
      }
      this.#draw();
    }

    #show(rating: Rating, says: string): void {
      this.#rating = this.#saved = rating;
      this.#news = "";
      this.#status.textContent = says;
      this.#draw();
    }

    #dispatch(type: string, more: object): void {
      const { messageId = null, conversationId = null } = this.#target ?? {};
      this.dispatchEvent(new CustomEvent(type, { bubbles: true, composed: true, detail: { messageId, conversationId, ...more } }));
    }

    #word(word: Word): string {
      return this.getAttribute(word) ?? WORDS[word];
    }

    #button(value: Rating): HTMLButtonElement {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("part", value > 0 ? "button up" : "button down");
      button.append(thumb(value > 0));
      button.addEventListener("click", () => this.#press(value));
      return button;
    }

    #draw(): void {
      this.#group.setAttribute("aria-label", this.#word("label"));
      for (const [button, word, value] of [[this.#up, "label-up", 1], [this.#down, "label-down", -1]] as const) {
        button.setAttribute("aria-label", this.#word(word));
        button.title = this.#word(word);
        button.setAttribute("aria-pressed", String(this.#rating === value));
        // Not `disabled`, which would take the focus away from who is just there.
        if (this.#target) button.removeAttribute("aria-disabled");
        else button.setAttribute("aria-disabled", "true");
      }
      this.#status.toggleAttribute("data-shown", this.#news !== "");
    }
  }

  customElements.define("model-feedback", ModelFeedback);
}

function given(text: string | null): Rating {
  const value = Number(text?.trim() || 0);
  return value === 1 || value === -1 ? value : 0;
}
