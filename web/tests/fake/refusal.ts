/** What the hub would refuse: an HTTP status, and the code and message of its answer. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const refuse = (status: number, code: string, message: string): never => {
  throw new Refusal(status, code, message);
};
