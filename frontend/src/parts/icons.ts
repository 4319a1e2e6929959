// A sign for each task type.
import Brain from "@lucide/svelte/icons/brain";
import CodeXml from "@lucide/svelte/icons/code-xml";
import Dices from "@lucide/svelte/icons/dices";
import Feather from "@lucide/svelte/icons/feather";
import Hammer from "@lucide/svelte/icons/hammer";
import MessagesSquare from "@lucide/svelte/icons/messages-square";
import ScrollText from "@lucide/svelte/icons/scroll-text";
import Telescope from "@lucide/svelte/icons/telescope";

export const TASK_ICONS: Record<string, typeof Brain> = {
  general_chat: MessagesSquare,
  coding: CodeXml,
  analysis: Telescope,
  reasoning: Brain,
  creative: Feather,
  file_processing: ScrollText,
  function_calling: Hammer,
  other: Dices,
};

export const TASK_TYPES = Object.keys(TASK_ICONS);
