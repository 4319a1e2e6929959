// The tokens of the style sheet, as drawings need them: plain colours, for the light or dark that is on.

export interface Look {
  text: string;
  quiet: string;
  gold: string;
  good: string;
  bad: string;
  mild: string;
  page: string;
  raised: string;
  edge: string;
  grid: string;
  series: string[];
  font: string;
  still: boolean;
}

const NAMES = ["text", "quiet", "gold", "good", "bad", "mild", "page", "raised", "edge", "grid"] as const;

function resolved(): Look {
  const probe = document.createElement("span");
  document.body.append(probe);
  const colour = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const look = Object.fromEntries(NAMES.map((name) => [name, colour(name)])) as Record<(typeof NAMES)[number], string>;
  const series = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => colour(`series-${number}`));
  const font = getComputedStyle(probe).fontFamily;
  probe.remove();
  return { ...look, series, font, still: matchMedia("(prefers-reduced-motion: reduce)").matches };
}

class Theme {
  name = $state<"dark" | "light">(document.documentElement.dataset["theme"] === "light" ? "light" : "dark");
  look = $state.raw<Look>(resolved());

  toggle(): void {
    this.name = this.name === "dark" ? "light" : "dark";
    document.documentElement.dataset["theme"] = this.name;
    try {
      localStorage.setItem("augury-theme", this.name);
    } catch {
      // it lasts as long as the page, then
    }
    this.look = resolved();
  }

  start(): void {
    // Paper is light: what was drawn for the night would vanish on it.
    addEventListener("beforeprint", () => this.#print(true));
    addEventListener("afterprint", () => this.#print(false));
  }

  #print(on: boolean): void {
    document.documentElement.dataset["theme"] = on ? "light" : this.name;
    this.look = resolved();
  }
}

export const theme = new Theme();
