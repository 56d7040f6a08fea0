// What is wrong in JavaScript whatever its types are; the types, `tsc` checks (tsconfig.json). Of ESLint's rules those that
// find mistakes, none on how code looks.
const found = [
    "array-callback-return", "constructor-super", "eqeqeq", "for-direction", "getter-return", "no-async-promise-executor",
    "no-compare-neg-zero", "no-cond-assign", "no-const-assign", "no-constant-binary-expression", "no-constant-condition",
    "no-debugger", "no-dupe-args", "no-dupe-else-if", "no-dupe-keys", "no-duplicate-case", "no-duplicate-imports",
    "no-empty", "no-eval", "no-fallthrough", "no-func-assign", "no-global-assign", "no-implied-eval",
    "no-loss-of-precision", "no-promise-executor-return", "no-redeclare", "no-self-assign", "no-self-compare",
    "no-sparse-arrays", "no-template-curly-in-string", "no-throw-literal", "no-unmodified-loop-condition",
    "no-unreachable", "no-unsafe-finally", "no-unsafe-negation", "no-unused-expressions", "no-unused-vars",
    "no-use-before-define", "no-useless-assignment", "no-var", "prefer-const", "use-isnan", "valid-typeof",
];
/** @type {Record<string, any>} */
const rules = Object.fromEntries(found.map((rule) => [rule, "error"]));
// A function may be used above where it stands; `a && b()` is a short `if`.
rules["no-use-before-define"] = ["error", { functions: false, variables: false }];
rules["no-unused-expressions"] = ["error", { allowShortCircuit: true, allowTernary: true }];
rules["no-promise-executor-return"] = ["error", { allowVoid: true }];

export default [
    // What holds nothing but base64.
    { ignores: ["**/{module,digits,ideals,models,ten_digits}.js", "**/node_modules/**"] },
    { files: ["**/*.js"], languageOptions: { sourceType: "script" }, rules },
    { files: ["**/*.mjs"], rules },
];
