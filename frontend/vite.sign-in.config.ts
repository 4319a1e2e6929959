// The style of the page where people sign in, which is written on the server: the dashboard's tokens and letters, under a name that stays.
import { defineConfig } from "vite";

export default defineConfig({
  base: "/dashboard/",
  publicDir: false,
  build: {
    outDir: "../src/augury/dashboard",
    emptyOutDir: false,
    assetsInlineLimit: 0,
    rollupOptions: {
      input: { "sign-in": "src/signing-in/sign-in.css" },
      output: { assetFileNames: (asset) => (asset.names.some((name) => name.endsWith(".css")) ? "sign-in.css" : "assets/[name]-[hash][extname]") },
    },
  },
});
