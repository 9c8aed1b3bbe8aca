/** Shader files are embedded as text by build.mjs. */
declare module "*.wgsl" {
  const source: string;
  export default source;
}
