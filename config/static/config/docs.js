// The description of the API with a form for each call. Nothing is kept between visits, and nobody else is asked.
SwaggerUIBundle({
  url: document.getElementById("api").dataset.schema,
  domNode: document.getElementById("api"),
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
});
