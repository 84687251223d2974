// Small behaviours for templates: <div x-data="reveal"> … <button @click="toggle"> … <div x-show="open">.
export function reveal() {
  return {
    open: false,
    init() {
      this.open = this.$el.dataset.open === "1";
    },
    toggle() {
      this.open = !this.open;
    },
    close() {
      this.open = false;
    },
  };
}

export function menu() {
  return reveal();
}

export function tabs() {
  return {
    chosen: "",
    init() {
      this.chosen = this.$el.dataset.chosen || "";
    },
    choose(event) {
      this.chosen = event.currentTarget.dataset.tab;
    },
    isChosen() {
      return this.$el.dataset.tab === this.chosen;
    },
    selected() {
      return String(this.$el.dataset.tab === this.chosen);
    },
  };
}

// Narrows a list already on the page as one types.
export function filterList() {
  return {
    query: "",
    apply(event) {
      const wanted = event.target.value.normalize("NFKC").toLowerCase().trim();
      for (const item of this.$root.querySelectorAll("[data-find]")) {
        item.hidden = wanted !== "" && !item.dataset.find.normalize("NFKC").toLowerCase().includes(wanted);
      }
    },
  };
}

// How many boxes below are ticked, for "n chosen" texts and buttons.
export function selection() {
  return {
    count: 0,
    update() {
      this.count = this.$root.querySelectorAll("input[type=checkbox]:checked").length;
    },
    none() {
      return this.count === 0;
    },
  };
}
