declare module '*/synthnb/widgets/report/index.js' {
  interface Model {
    get(name: string): unknown;
    set(name: string, value: unknown): void;
    on(name: string, callback: () => void): void;
    off(name: string, callback?: () => void): void;
    save_changes(): void;
  }
  /** What the release function of a view, where there is one, looks like. */
  type Release = (() => void) | undefined;
  const widget: {
    render(context: { model: Model; el: HTMLElement }): Release | Promise<Release>;
  };
  export default widget;
}

declare module '*/synthnb/disclosure/schema/fields-1.json' {
  const catalogue: import('./wire.js').Catalogue;
  export default catalogue;
}
