// <model-feedback>: one file for any page, which loads it as a module or as a plain script.
import { defineConfig } from "vite";

export default defineConfig({
  base: "/dashboard/",
  publicDir: false,
  build: {
    outDir: "../src/augury/dashboard",
    emptyOutDir: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    rollupOptions: {
      input: "src/feedback/main.ts",
      output: { format: "iife", entryFileNames: "model-feedback.js" },
    },
  },
});
