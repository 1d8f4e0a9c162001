/** Address of wasm/pkg/assent_wasm_bg.wasm in the build. */
declare const url: string;
export default url;
