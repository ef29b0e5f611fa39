// Notes, in a page, when the pointer moved and which pictures were shown. Times are Unix ms: the kernel's clock, too.
window.bench = (() => {
  const unix = (time) => performance.timeOrigin + time;
  const notes = { moves: [], cameras: [], pictures: [] };
  const counts = new WeakMap(); // image → sources that it was given

  /** A picture counts from the next animation frame on, which is when it can be seen. */
  const shown = (picture) => {
    requestAnimationFrame((frame) => {
      notes.pictures.push({ ...picture, frame, at: unix(performance.now()) });
    });
  };

  const contrast = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  contrast.canvas.width = contrast.canvas.height = 64;
  /** Whether a canvas shows something: an empty scene has one color. */
  const shows = (canvas) => {
    contrast.drawImage(canvas, 0, 0, 64, 64);
    const { data } = contrast.getImageData(0, 0, 64, 64);
    let [least, most] = [255, 0];
    for (let i = 0; i < data.length; i += 4) {
      [least, most] = [Math.min(least, data[i]), Math.max(most, data[i])];
    }
    return most - least > 40;
  };
  let waiting = null; // resolves at the first picture that shows something
  let rough = false; // whether a better picture of the same camera follows

  document.addEventListener(
    "pointermove",
    (event) => {
      if (event.buttons) {
        notes.moves.push({ at: unix(event.timeStamp), x: event.offsetX, y: event.offsetY });
      }
    },
    true,
  );

  // The product: it numbers its cameras, and each picture says the newest one that it shows.
  document.addEventListener("bw-camera", ({ detail }) => {
    notes.cameras.push({ number: detail.number, moves: notes.moves.length });
  });
  document.addEventListener("bw-shown", ({ detail, target }) => {
    rough = detail.accumulation < detail.max_accumulation;
    shown({ number: detail.camera ?? 0, width: detail.width, height: detail.height });
    if (waiting && shows(target)) {
      const tell = waiting;
      waiting = null;
      requestAnimationFrame(() => tell(unix(performance.now())));
    }
  });

  // jupyter_rfb: its pictures are the sources of an <img>, in the order in which the kernel sent them.
  const watch = new MutationObserver((records) => {
    for (const { target } of records) {
      counts.set(target, (counts.get(target) ?? 0) + 1);
    }
  });
  document.addEventListener(
    "load",
    ({ target }) => {
      if (counts.has(target)) {
        shown({ number: counts.get(target), width: target.naturalWidth, height: target.naturalHeight });
      }
    },
    true,
  );

  return {
    /** Counts the pictures of an image from here on; it has shown `before` ones. */
    follow(image, before) {
      counts.set(image, before);
      watch.observe(image, { attributeFilter: ["src"] });
    },
    reset() {
      for (const list of Object.values(notes)) {
        list.length = 0;
      }
    },
    read: () => notes,
    rough: () => rough,
    /** The time from the run of a command to the first picture that shows something, in ms. */
    async first(command) {
      const start = unix(performance.now());
      const seen = new Promise((resolve) => {
        waiting = resolve;
      });
      await window.jupyterapp.commands.execute(command, {});
      return (await seen) - start;
    },
  };
})();
