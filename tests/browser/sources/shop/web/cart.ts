/** One article in the cart. */
export interface Item {
  article: string;
  quantity: number;
  price: number;
}

/** Adds up the prices of all items, in cents. */
export function totalPrice(items: Item[]): number {
  return items.reduce((sum, item) => sum + item.quantity * item.price, 0);
}

/** Calls the server again after a failure, and doubles the pause each time. */
export async function fetchWithRetry(url: string, attempts = 3): Promise<Response> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const response = await fetch(url);
    if (response.ok) return response;
    await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** attempt));
  }
  throw new Error(`No answer from ${url}`);
}
