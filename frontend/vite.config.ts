// The dashboard: a page and its files, as the package serves them. A second product of this folder gets a config of its own beside
// this one, with `outDir` in the same folder and `emptyOutDir: false`, and a line in `BUILDS` of hatch_build.py.
import { readFileSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

/** Packages whose code or letters are shipped, and whose licences want to come along. */
const SHIPPED = ["svelte", "echarts", "zrender", "@lucide/svelte", "@fontsource-variable/cinzel", "@fontsource/alegreya-sans"];

function licences(): Plugin {
  return {
    name: "licences",
    generateBundle() {
      const texts = SHIPPED.map((name) => {
        const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")) as { version: string };
        const file = name === "svelte" ? "LICENSE.md" : "LICENSE";
        return `${name} ${version}\n\n${readFileSync(`node_modules/${name}/${file}`, "utf8").trim()}\n`;
      });
      this.emitFile({ type: "asset", fileName: "licences.txt", source: texts.join(`\n${"-".repeat(80)}\n\n`) });
    },
  };
}

export default defineConfig({
  base: "/dashboard/",
  plugins: [svelte(), licences()],
  build: {
    outDir: "../src/augury/dashboard",
    emptyOutDir: true,
    assetsInlineLimit: 0, // the page's policy takes no fonts from data: addresses
    modulePreload: { polyfill: false },
    target: "es2022",
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8765", "/assets": "http://127.0.0.1:8765" } },
});
