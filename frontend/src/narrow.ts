import { MediaQuery } from "svelte/reactivity";

/** Whether this is a telephone's width: then the answer is to be on the first screen. */
export const narrow = new MediaQuery("(max-width: 30rem)");
