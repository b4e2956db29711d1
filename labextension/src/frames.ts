/**
 * Runs a task once, soon after it was asked for any number of times.
 *
 * Browsers draw no frames in a tab in the background, so a timer stands by.
 */
export class Coalesced {
  private _frame = 0;
  private _timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly _task: () => void,
    private readonly _patience = 250,
  ) {}

  /** Whether the task is due. */
  get isDue(): boolean {
    return this._timer !== undefined;
  }

  /** Have the task run at the next frame. */
  ask(): void {
    if (this.isDue) {
      return;
    }
    const run = (): void => {
      this.flush();
    };
    this._frame = requestAnimationFrame(run);
    this._timer = setTimeout(run, this._patience);
  }

  /** Run the task now if it is due. */
  flush(): void {
    if (this.isDue) {
      this.cancel();
      this._task();
    }
  }

  /** Forget that the task was asked for. */
  cancel(): void {
    cancelAnimationFrame(this._frame);
    clearTimeout(this._timer);
    this._timer = undefined;
  }
}
