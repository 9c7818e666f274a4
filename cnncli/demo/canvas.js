// A canvas to draw on in black on white. Each stroke makes `props.value` the drawing as a PNG data URL; "" is an empty canvas.
const canvas = element.querySelector("canvas");
const context = canvas.getContext("2d", { alpha: false });

function clear() {
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
}

function give(value) {
  props.value = value;
  trigger("change");
}

function place(event) {
  const shown = canvas.getBoundingClientRect();
  return [
    ((event.clientX - shown.left) / shown.width) * canvas.width,
    ((event.clientY - shown.top) / shown.height) * canvas.height,
  ];
}

function line(event) {
  context.lineTo(...place(event));
  context.stroke();
}

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  context.strokeStyle = "black";
  context.lineWidth = canvas.width / 12; // about as wide as the strokes of MNIST
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  context.moveTo(...place(event));
  line(event); // a click is a dot
});
canvas.addEventListener("pointermove", (event) => canvas.hasPointerCapture(event.pointerId) && line(event));
canvas.addEventListener("pointerup", () => give(canvas.toDataURL("image/png")));
element.querySelector("button").addEventListener("click", () => {
  clear();
  give("");
});
clear();
canvas.style.cursor = "crosshair"; // now it can be drawn on
