// The part of jStat that is used here; the package brings no types.
declare module "jstat" {
  interface Continuous {
    cdf(x: number, ...parameters: number[]): number;
    inv(probability: number, ...parameters: number[]): number;
  }
  const library: {
    readonly jStat: {
      readonly normal: Continuous;
      readonly studentt: Continuous;
      readonly chisquare: Continuous;
      readonly beta: Continuous;
      readonly binomial: { cdf(successes: number, trials: number, probability: number): number };
    };
  };
  export default library;
}
