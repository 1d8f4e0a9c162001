export function tokensToCss(tokens: { color: Record<string, unknown>; [group: string]: unknown }): string;
