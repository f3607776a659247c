// The camera, for the face and the evidence photo: frames are looked at while the person sits,
// and the best of the last frames is what gets taken.
const EVERY_MS = 600;

let stream = null, timer = null;

export const available = () => Boolean(navigator.mediaDevices?.getUserMedia);
export const running = () => stream !== null;

export async function start(video, look) {
  stream = await navigator.mediaDevices.getUserMedia({
    video: { width: { ideal: 1280 }, height: { ideal: 960 }, facingMode: "user" }, audio: false,
  });
  video.srcObject = stream;
  await video.play();
  const next = async () => {
    if (!stream) return;
    try { await look(await frame(video)); } finally {
      if (stream) timer = setTimeout(next, EVERY_MS);
    }
  };
  timer = setTimeout(next, EVERY_MS);
}

// PNG: the frame may become the photo, and compression would count against it.
export function frame(video) {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  return new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("no frame"))), "image/png"));
}

export function stop(video) {
  clearTimeout(timer);
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  video.srcObject = null;
}
