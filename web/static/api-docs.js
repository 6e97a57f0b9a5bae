// Shows the interface's description. Nothing is asked of another host: the viewer's validator, which would be, is off.
const place = document.getElementById("viewer");
window.SwaggerUIBundle({
  url: place.dataset.description,
  domNode: place,
  deepLinking: true,
  validatorUrl: null,
  presets: [window.SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
