export function placeholders(text: string): string[];
export function keysToTypescript(catalogue: Record<string, string>): string;
