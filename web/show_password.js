
for (const button of document.querySelectorAll("button.show")) {
    const field = document.getElementById(button.getAttribute("aria-controls"));
    const show = (shown) => {
        field.type = shown ? "text" : "password";
        button.setAttribute("aria-pressed", String(shown));
    };
    button.hidden = false;
    button.addEventListener("click", () => show(field.type === "password"));
    // What a form sends as text, browsers keep among their suggestions.
    field.form.addEventListener("submit", () => show(false));
    window.addEventListener("pagehide", () => show(false));
}
