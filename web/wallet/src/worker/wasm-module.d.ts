/** Address of a file of wasm/pkg in the build. */
declare const url: string;
export default url;
