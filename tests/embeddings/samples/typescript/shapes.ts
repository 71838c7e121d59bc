import { Injectable } from '@angular/core';

/** What has an area. */
export interface Shape<T> extends Thing {
  readonly sides?: number;
  area(unit: T): number;
}

export type Corner = [number, number] | "none";

enum Colour { Red = 1, Green }

export abstract class Polygon<T> implements Shape<T> {
  private readonly corners: Corner[] = [];

  constructor(private name: string, public colour?: Colour) { super(); }

  abstract turn(angle: number): void;

  /** Its area. */
  @cached() @logged
  public area(unit: T): number { return this.corners.length as any; }

  onClick = (event: Event): void => { event!.stop(); };
}

namespace Tools {
  /** Doubles. */
  export function double<T extends number>(x: T): number { return x * 2; }
}

function over(a: string): void;
function over(a: any) { return <string>a; }

@Injectable({ providedIn: 'root' })
export class Service {}

export const moves = {
  turn: async (angle: number) => angle,
} satisfies Moves;
const same = (<T>(x: T) => x) as Same;
declare module "shapes" {
  /** Draws it. */
  export function draw(shape: Shape): void;
  const scale: number;
}
export default class extends Polygon<Corner> { 42() { return 42; } }
